/**
 * Elects one tab of this browser, which does what need not be done by each. By Web Locks where there are any; they need
 * a secure context, and a console on plain http://192.168.x.x has none: there a lease in localStorage is renewed.
 */

const LEASE_MS = 3_000;
const RENEW_MS = 1_000;

/** Call `lead` when this tab becomes the leader; what it returns is called when it is the leader no more. */
export function elect(name: string, lead: () => () => void): () => void {
  return typeof navigator !== "undefined" && navigator.locks ? byLock(name, lead) : byLease(name, lead);
}

function byLock(name: string, lead: () => () => void): () => void {
  const ending = new AbortController();
  navigator.locks
    .request(name, { signal: ending.signal }, () => {
      const stop = lead();
      return new Promise<void>((resolve) => {
        const end = () => {
          stop();
          resolve();
        };
        if (ending.signal.aborted) end();
        else ending.signal.addEventListener("abort", end);
      });
    })
    .catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    });
  return () => ending.abort();
}

export type Lease = { id: string; until: number };

/** Whether a tab may take or keep a lease. */
export function mayHold(lease: Lease | null, id: string, now: number): boolean {
  return lease === null || lease.id === id || lease.until <= now || lease.until > now + 2 * LEASE_MS; // the clock was set back
}

function byLease(name: string, lead: () => () => void): () => void {
  const id = Array.from(crypto.getRandomValues(new Uint32Array(2))).join("-");
  let stop: (() => void) | null = null;
  let claimed = false;

  function look(): void {
    const lease = read(name);
    if (!mayHold(lease, id, Date.now())) {
      claimed = false;
      stop?.();
      stop = null;
      return;
    }
    // Two tabs may claim at once: the one whose claim is still there at the next look leads.
    if (claimed && lease?.id === id) stop ??= lead();
    localStorage.setItem(name, JSON.stringify({ id, until: Date.now() + LEASE_MS } satisfies Lease));
    claimed = true;
  }

  function leave(): void {
    clearInterval(timer);
    stop?.();
    stop = null;
    if (read(name)?.id === id) localStorage.removeItem(name);
  }

  const timer = setInterval(look, RENEW_MS);
  addEventListener("pagehide", leave, { once: true });
  look();
  return leave;
}

function read(name: string): Lease | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null") as Lease | null;
  } catch {
    return null;
  }
}
