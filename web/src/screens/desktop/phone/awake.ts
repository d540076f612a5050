/** Keeps the screen on while callers may come: a computer that goes to sleep takes the phone with it. */

type Lock = { release(): Promise<void> };
type Page = Pick<Document, "visibilityState" | "addEventListener" | "removeEventListener">;

/**
 * Hold the lock until the returned function is called. The browser takes it from a page that is hidden, so it is asked for again
 * when the page is seen. Where there is none (old browsers, a battery that saves) the screen may go off, and nothing else changes.
 */
export function stayAwake(page: Page, request: (() => Promise<Lock>) | undefined): () => void {
  let over = false;
  let held: Lock | undefined;
  const ask = (): void => {
    if (!request || page.visibilityState !== "visible") return;
    request().then(
      (lock) => {
        if (over) return void lock.release();
        held = lock;
      },
      () => undefined,
    );
  };
  page.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    over = true;
    page.removeEventListener("visibilitychange", ask);
    void held?.release();
  };
}
