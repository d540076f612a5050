import { expect, test } from "vitest";
import { handle } from "./shortcuts.ts";

function pressed(event: object): boolean {
  let ran = false;
  handle({ key: "p", target: { tagName: "BODY" }, ...event } as unknown as KeyboardEvent, [{ key: "p", does: "", run: () => (ran = true) }]);
  return ran;
}

function pressedWithCtrl(event: object): string {
  const done: string[] = [];
  const key = { key: "k", target: { tagName: "INPUT" }, preventDefault: () => done.push("prevented"), ...event } as unknown as KeyboardEvent;
  handle(key, [{ key: "k", ctrl: true, does: "", run: () => done.push("run") }]);
  return done.join(" ");
}

test.each([[{ ctrlKey: true }], [{ metaKey: true }], [{ ctrlKey: true, key: "K" }]])("one with Ctrl runs in a field, instead of the browser's, with %j", (event) =>
  expect(pressedWithCtrl(event)).toBe("prevented run"));
test.each([[{}], [{ ctrlKey: true, isComposing: true }], [{ ctrlKey: true, altKey: true }], [{ ctrlKey: true, key: "j" }], [{ target: { tagName: "BODY" } }]])(
  "one with Ctrl does not run with %j", (event) => expect(pressedWithCtrl(event)).toBe(""));
test("a shortcut runs", () => expect(pressed({})).toBe(true));
test.each([
  [{ isComposing: true }], [{ keyCode: 229 }], [{ ctrlKey: true }], [{ altKey: true }], [{ metaKey: true }], [{ defaultPrevented: true }],
  [{ target: { tagName: "INPUT" } }], [{ target: { tagName: "TEXTAREA" } }], [{ target: { tagName: "DIV", isContentEditable: true } }],
])("none runs with %j", (event) => expect(pressed(event)).toBe(false));
