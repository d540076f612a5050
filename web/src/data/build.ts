/**
 * Whether the server has another build of the console than this page runs. The index is never stored and names the
 * scripts of its build, whose names have a hash of their content: a page whose script it does not name is old.
 */

import { useEffect, useState, useSyncExternalStore } from "react";

const LOOK_MS = 60_000;

/** Whether the index is one of another build than `script`, the path of the script of this page. */
export function isOther(index: string, script: string): boolean {
  const built = /src="(\/assets\/[^"]+\.js)"/.exec(index);
  return built !== null && built[1] !== script;
}

async function look(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  try {
    const answer = await fetch("/", { headers: { accept: "text/html" }, cache: "no-store" });
    return answer.ok && own !== null && isOther(await answer.text(), new URL(own.src).pathname);
  } catch {
    return false; // the server starts again, perhaps
  }
}

let reasons = 0;
const listeners = new Set<() => void>();

function change(by: number): void {
  reasons += by;
  for (const listener of listeners) listener();
}

/** While `busy`, nobody is asked to load the page again: a call is up that the page would lose. */
export function useKeepsPage(busy: boolean): void {
  useEffect(() => {
    if (!busy) return;
    change(1);
    return () => change(-1);
  }, [busy]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether to ask for a reload: another build runs, and this page has no call. */
export function useOtherBuild(): boolean {
  const [other, setOther] = useState(false);
  const kept = useSyncExternalStore(subscribe, () => reasons > 0);
  useEffect(() => {
    const ask = () => {
      if (document.visibilityState === "visible") void look().then((found) => setOther((known) => known || found));
    };
    const timer = setInterval(ask, LOOK_MS);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, []);
  return other && !kept;
}
