import { expect, test } from "vitest";
import { endOf, stateOf } from "./keys.ts";

test("a key works until it is revoked or expires", () => {
  const at = "2026-03-10T00:00:00Z";
  const now = Date.parse(at);
  expect(stateOf({ revokedAt: null, expiresAt: null }, now)).toBe("works");
  expect(stateOf({ revokedAt: null, expiresAt: at }, now - 1)).toBe("works");
  expect(stateOf({ revokedAt: null, expiresAt: at }, now)).toBe("expired");
  expect(stateOf({ revokedAt: at, expiresAt: at }, now)).toBe("revoked");
});

test("a key works on its last day", () => {
  expect(Date.parse(endOf("2026-03-10")!) - new Date(2026, 2, 10).getTime()).toBe(24 * 3600 * 1000);
  expect(endOf("")).toBeUndefined();
});
