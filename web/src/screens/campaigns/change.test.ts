import { expect, test } from "vitest";
import { changed } from "./change.ts";

const CAMPAIGN = { campaignName: "Khảo sát", callerId: "1900636363", maxConcurrentCalls: 30, callsPerSecond: 5, ringTimeoutSec: 30, abandonmentCapPercent: 3, priority: 0 };
const FORM = { campaignName: "Khảo sát", callerId: "1900636363", maxConcurrentCalls: "30", callsPerSecond: "5", ringTimeoutSec: "30", abandonmentCapPercent: "3", priority: "0" };

test("what is as it was is not sent", () => expect(changed(CAMPAIGN, FORM)).toEqual({}));

test("what differs is sent, and an empty caller id is none", () => {
  expect(changed(CAMPAIGN, { ...FORM, callerId: " ", priority: "2", abandonmentCapPercent: "2.5" })).toEqual({ callerId: null, priority: 2, abandonmentCapPercent: 2.5 });
});
