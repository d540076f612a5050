import { expect, test } from "vitest";
import { localPath } from "./next.ts";

test.each([
  ["/live?queue=1", "/live?queue=1"], [undefined, "/"], ["//evil.example", "/"], ["/\\evil.example", "/"], ["https://evil.example", "/"],
  ["javascript:alert(1)", "/"], ["/sign-in", "/"], ["/\t/evil.example", "/"],
])("after the sign-in, %s leads to %s", (next, path) => expect(localPath(next)).toBe(path));
