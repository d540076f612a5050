import { expect, test } from "vitest";
import type { Menu } from "../queues/data.ts";
import { heard } from "./tree.ts";

const menu = (menuId: number, options: Menu["options"], otherwise: Menu["otherwise"] = null): Menu => ({
  menuId, name: `Menu ${menuId}`, greeting: null, timeoutSec: 5, repeats: 2, options, otherwise, usedBy: { queues: [], menus: [], defaultHours: false },
});

test("keys come as on a keypad, with what is below, and last who presses none", () => {
  const below = menu(2, { "9": { kind: "callback" } }, { kind: "queue", queueId: 7 });
  const found = heard([menu(1, { "#": { kind: "hang_up" }, "0": { kind: "callback" }, "1": { kind: "menu", menuId: 2 } }), below], 1)!;
  expect(found.branches.map(({ key }) => key)).toEqual(["1", "0", "#", null]);
  expect(found.branches[0]!.below!.menu).toBe(below);
  expect(found.branches[0]!.below!.branches).toEqual([
    { key: "9", to: { kind: "callback" }, below: null }, { key: null, to: { kind: "queue", queueId: 7 }, below: null },
  ]);
  expect(found.branches.at(-1)).toEqual({ key: null, to: null, below: null });
});

test("a menu that is not there leads nowhere, and menus that lead round end", () => {
  const round = menu(1, { "1": { kind: "menu", menuId: 1 }, "2": { kind: "menu", menuId: 5 } });
  expect(heard([round], 5)).toBeNull();
  const third = heard([round], 1)!.branches[0]!.below!.branches[0]!.below!;
  expect(third.branches[0]!.below).toBeNull();
  expect(third.branches[1]!.below).toBeNull();
});
