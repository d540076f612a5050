import { expect, test } from "vitest";
import { readSkills, writeSkills } from "./skills.ts";

test("skills are read as they are written, without a level as 1", () => {
  const skills = [{ skill: "english", level: 5 }, { skill: "tiếng Hàn", level: 10 }];
  expect(readSkills(writeSkills(skills))).toEqual(skills);
  expect(readSkills(" billing ;; english : 3,")).toEqual([{ skill: "billing", level: 1 }, { skill: "english", level: 3 }]);
  expect(readSkills("  ")).toEqual([]);
});
