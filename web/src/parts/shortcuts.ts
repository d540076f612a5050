import { useEffect, useSyncExternalStore } from "react";

/** `ctrl`: with Ctrl, or the command key of a Mac; it may be pressed in a field too, as it writes nothing. */
export type Shortcut = { key: string; ctrl?: true; does: string; run: () => void };

const active: Shortcut[] = [];
const listeners = new Set<() => void>();
let snapshot: readonly Shortcut[] = [];

/** Whether a key belongs to a text that is being written: in a field, or composed by an input method (Telex). */
export function isTyping(event: KeyboardEvent): boolean {
  const at = event.target as Partial<HTMLElement> | null;
  const inField = !!at && (at.isContentEditable === true || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName ?? ""));
  return composes(event) || inField;
}

/** Whether a form may be submitted or a dialog closed by this key: not while a word is composed. */
export function isComposing(event: { nativeEvent: KeyboardEvent }): boolean {
  return composes(event.nativeEvent);
}

function composes(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

export function handle(event: KeyboardEvent, shortcuts: readonly Shortcut[] = active): boolean {
  const ctrl = event.ctrlKey || event.metaKey;
  if (event.defaultPrevented || event.altKey || (ctrl ? composes(event) : isTyping(event))) return false;
  const found = shortcuts.findLast((one) => (ctrl ? one.ctrl && one.key === event.key.toLowerCase() : !one.ctrl && one.key === event.key));
  if (found?.ctrl) event.preventDefault(); // the browser has a meaning of its own for it
  found?.run();
  return found !== undefined;
}

/** How a shortcut is written: `Ctrl K`. */
export function written({ key, ctrl }: Shortcut): string {
  return ctrl ? `Ctrl ${key.toUpperCase()}` : key;
}

/** Shortcuts while a screen is shown: single keys, which do nothing while typing, and keys with Ctrl. Listed by `?`. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    active.push(...shortcuts);
    change();
    return () => {
      for (const one of shortcuts) active.splice(active.indexOf(one), 1);
      change();
    };
  }, [shortcuts]);
}

function change(): void {
  snapshot = [...active];
  for (const listener of listeners) listener();
}

export function useActiveShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}
