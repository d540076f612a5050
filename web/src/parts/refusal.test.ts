import { expect, test } from "vitest";
import { namedBy } from "./refusal.ts";

test("a message names the field that it begins with", () => {
  const names = ["", "overflow", "overflow.number", "maxLength", "skills", "skillsForSec"];
  expect(namedBy("maxLength must be 1 to 1000, not 0", names)).toBe("maxLength");
  expect(namedBy("overflow.number: '12' is too short", names)).toBe("overflow.number");
  expect(namedBy("overflow.queueId must be another queue", names)).toBe("overflow");
  expect(namedBy("skills[0].level must be 1 to 10, not 11", names)).toBe("skills");
  expect(namedBy("skillsForSec must be 1 to 86400, not 0", names)).toBe("skillsForSec");
  expect(namedBy("Inbound queue not found", names)).toBeNull();
});
