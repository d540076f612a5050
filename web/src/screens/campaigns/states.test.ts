import { expect, test } from "vitest";
import { en } from "./en.ts";
import { actsFor, daysOf, doneOf } from "./states.ts";

test("a campaign that was stopped stays so, and one that runs is not started again", () => {
  expect(([1, 2, 3, 4] as const).map(actsFor)).toEqual([["start"], ["pause", "stop"], ["resume", "stop"], []]);
});

test("of a campaign without contacts nothing is done", () => {
  expect(doneOf({ processedCount: 0, contactCount: 0 })).toBe(0);
  expect(doneOf({ processedCount: 45, contactCount: 60 })).toBe(75);
});

test.each([
  [["mon", "tue", "wed", "thu", "fri"], "Mon–Fri"], [["mon", "wed", "thu"], "Mon, Wed, Thu"], [["sun", "sat", "fri", "mon"], "Mon, Fri–Sun"], [[], ""],
] as const)("%s are named %s", (days, named) => expect(daysOf([...days], en.days)).toBe(named));
