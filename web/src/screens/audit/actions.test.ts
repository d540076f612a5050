import { expect, test } from "vitest";
import { beginOf, inWords, told } from "./actions.ts";
import { en } from "./en.ts";

test("an action is told in words, and one that is not known as it is", () => {
  expect(inWords("campaign.start", en)).toBe("Campaign – started");
  expect(inWords("rocket.start", en)).toBe("rocket.start");
  expect(inWords("campaign.launch", en)).toBe("campaign.launch");
});

test("details are told by name", () => {
  expect(told({ name: "Tết", priority: [0, 5], by: null })).toBe("name: Tết, priority: [0,5], by: null");
  expect(told(null)).toBe("");
});

test("a day is from its midnight to the next one, over the end of a month too", () => {
  expect(new Date(beginOf("2027-02-28")).getHours()).toBe(0);
  expect(beginOf("2027-02-28", 1)).toBe(beginOf("2027-03-01"));
});
