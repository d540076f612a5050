import { expect, test } from "vitest";
import { localPath, openidFailure } from "./next.ts";

test.each([
  ["/live?queue=1", "/live?queue=1"], [undefined, "/"], ["//evil.example", "/"], ["/\\evil.example", "/"], ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"], ["/sign-in", "/"], ["/\t/evil.example", "/"],
])("after the sign-in, %s leads to %s", (next, path) => expect(localPath(next)).toBe(path));

test.each([
  [undefined, null], ["unverified", "unverified"], ["unknown_user", "unknown_user"], ["<b>else</b>", "failed"], [7, "failed"],
])("a sign-in that the provider ended with %s is told as %s", (reason, told) => expect(openidFailure(reason)).toBe(told));
