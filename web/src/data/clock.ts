/**
 * The server's time, whatever the clock of this machine says. Each answer and each event says when the server made it;
 * the offset is that of the message that came fastest, and is not clamped: a clock may be wrong by years either way.
 */

import { useEffect, useState } from "react";

const KEEP_MS = 60_000;
const LATE_MS = 5_000;

export class ServerClock {
  #offset = 0;
  #heardAt = -Infinity;
  #steadyOffset = -Infinity;
  #steadyAt = -Infinity;
  #lateSince: number | null = null;

  /** `serverMs` is when the server wrote a message, `localMs` when it came here by this machine's clock, and `steadyMs`
   * by one that is never set. */
  hear(serverMs: number, localMs: number, steadyMs: number): void {
    if (this.#late(serverMs, steadyMs)) return;
    const offset = serverMs - localMs;
    // A message on its way makes the offset smaller than it is: the largest is the nearest, until it is old.
    const moved = Math.abs(offset - this.#offset) > 2_000;
    if (moved || offset > this.#offset || steadyMs - this.#heardAt > KEEP_MS) {
      this.#offset = offset;
      this.#heardAt = steadyMs;
    }
  }

  at(localMs: number): number {
    return localMs + this.#offset;
  }

  /**
   * Whether a message says nothing of the time, as it was on its way for long: a page that wakes reads at once what came while it slept.
   * When all are late for a minute, the server's clock was set back.
   */
  #late(serverMs: number, steadyMs: number): boolean {
    const offset = serverMs - steadyMs;
    if (offset < this.#steadyOffset - LATE_MS) {
      this.#lateSince ??= steadyMs;
      if (steadyMs - this.#lateSince < KEEP_MS) return true;
      this.#steadyAt = -Infinity;
    }
    this.#lateSince = null;
    if (offset > this.#steadyOffset || steadyMs - this.#steadyAt > KEEP_MS) {
      this.#steadyOffset = offset;
      this.#steadyAt = steadyMs;
    }
    return false;
  }
}

export const serverClock = new ServerClock();

export function hearServer(now: string | null): void {
  const at = now === null ? NaN : Date.parse(now);
  if (!Number.isNaN(at)) serverClock.hear(at, Date.now(), performance.now());
}

/** Milliseconds since 1970 by the server's clock. */
export function serverNow(): number {
  return serverClock.at(Date.now());
}

export function secondsSince(at: string): number {
  return (serverNow() - Date.parse(at)) / 1000;
}

/** The server's time, again each second. */
export function useServerNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
