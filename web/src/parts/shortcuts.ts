import { useEffect, useSyncExternalStore } from "react";

export type Shortcut = { key: string; does: string; run: () => void };

const active: Shortcut[] = [];
const listeners = new Set<() => void>();
let snapshot: readonly Shortcut[] = [];

/** Whether a key belongs to a text that is being written: in a field, or composed by an input method (Telex). */
export function isTyping(event: KeyboardEvent): boolean {
  const at = event.target as Partial<HTMLElement> | null;
  const inField = !!at && (at.isContentEditable === true || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName ?? ""));
  return event.isComposing || event.keyCode === 229 || inField;
}

/** Whether a form may be submitted or a dialog closed by this key: not while a word is composed. */
export function isComposing(event: { nativeEvent: KeyboardEvent }): boolean {
  return event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229;
}

export function handle(event: KeyboardEvent, shortcuts: readonly Shortcut[] = active): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return false;
  const found = shortcuts.findLast(({ key }) => key === event.key);
  found?.run();
  return found !== undefined;
}

/** Shortcuts while a screen is shown: single keys, which do nothing while typing. Listed by `?`. */
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
