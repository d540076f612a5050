import { expect, test } from "vitest";
import { handle } from "./shortcuts.ts";

function pressed(event: object): boolean {
  let ran = false;
  handle({ key: "p", target: { tagName: "BODY" }, ...event } as unknown as KeyboardEvent, [{ key: "p", does: "", run: () => (ran = true) }]);
  return ran;
}

test("a shortcut runs", () => expect(pressed({})).toBe(true));
test.each([
  [{ isComposing: true }], [{ keyCode: 229 }], [{ ctrlKey: true }], [{ altKey: true }], [{ metaKey: true }], [{ defaultPrevented: true }],
  [{ target: { tagName: "INPUT" } }], [{ target: { tagName: "TEXTAREA" } }], [{ target: { tagName: "DIV", isContentEditable: true } }],
])("none runs with %j", (event) => expect(pressed(event)).toBe(false));
