import { expect, test } from "vitest";
import type { Queue, Settings } from "./data.ts";
import { readDestination, same } from "./destination.ts";
import { changedOwn, changedSettings } from "./settings.ts";

function form(values: Record<string, string>): FormData {
  const made = new FormData();
  for (const [name, value] of Object.entries(values)) made.set(name, value);
  return made;
}

test("a destination is read with what its kind names", () => {
  expect(readDestination(form({ "to.kind": "queue", "to.queueId": "7" }), "to")).toEqual({ kind: "queue", queueId: 7 });
  expect(readDestination(form({ "to.kind": "number", "to.number": " 0901 " }), "to")).toEqual({ kind: "number", number: "0901" });
  expect(readDestination(form({ "to.kind": "hang_up" }), "to")).toEqual({ kind: "hang_up" });
  expect(readDestination(form({ "to.kind": "" }), "to")).toBeNull();
  expect(same({ kind: "menu", menuId: 3, queueId: null }, { kind: "menu", menuId: 3 })).toBe(true);
  expect(same({ kind: "menu", menuId: 3 }, null)).toBe(false);
});

test("only settings that differ are sent", () => {
  const now = { maxLength: 20, joinEmpty: false, overflow: null, skills: [{ skill: "english", level: 5 }], skillsForSec: null } as unknown as Settings;
  const fields = [["maxLength", "countOrNone"], ["joinEmpty", "yesNo"], ["overflow", "destination"], ["skills", "skills"], ["skillsForSec", "countOrNone"]] as const;
  expect(changedSettings(now, form({ maxLength: "20", skills: "english:5" }), fields)).toEqual({});
  expect(changedSettings(now, form({ joinEmpty: "on", "overflow.kind": "hang_up", skills: "", skillsForSec: "60" }), fields)).toEqual({
    maxLength: null, joinEmpty: true, overflow: { kind: "hang_up" }, skills: [], skillsForSec: 60,
  });
});

test("the queue's own record is changed by the names that it has there", () => {
  const now: Queue = { callinId: 7, callinName: "Bán hàng", callinNumber: "19001234", strategy: 1, musicinQueue: null, timeWait: "120", nguongRanhRoi: null, agentSelector: null };
  expect(changedOwn(now, form({ strategy: "1", callinNumber: "19001234", max_wait_sec: "120" }))).toEqual({});
  expect(changedOwn(now, form({ strategy: "2", moh_file_id: "waiting.wav", announce_position: "1" }))).toEqual({
    strategy: 2, callinNumber: null, moh_file_id: "waiting.wav", max_wait_sec: null, announce_position: "1",
  });
});
