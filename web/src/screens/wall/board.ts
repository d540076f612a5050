import { useEffect, useState } from "react";
import { hearServer } from "../../data/clock.ts";
import { hearEvents, type Board } from "./events.ts";

const RETRY_MS = [500, 1_000, 2_000, 5_000];
const SILENCE_MS = 15_000;

export type Followed = { board: Board | null; readAt: number | null; revoked: boolean };

/** What the board of a token shows. It connects again for ever, until the token is revoked. */
export function useBoard(token: string): Followed {
  const [state, setState] = useState<Followed>({ board: null, readAt: null, revoked: false });
  useEffect(() => {
    let connection = new AbortController();
    let ended = false;
    let failures = 0;
    let heardAt = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setState({ board: null, readAt: null, revoked: false });

    const follow = async () => {
      connection = new AbortController();
      heardAt = performance.now();
      let end: "ended" | "revoked" = "ended";
      try {
        end = await hearEvents(token, connection.signal, ({ now, readAt, board }) => {
          failures = 0;
          heardAt = performance.now();
          hearServer(now);
          setState((before) => ({ board: board ?? before.board, readAt: Date.parse(readAt), revoked: false }));
        });
      } catch {
        // The network, or the server, is away: it is asked again.
      }
      if (ended) return;
      if (end === "revoked") setState({ board: null, readAt: null, revoked: true });
      else timer = setTimeout(() => void follow(), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
    };
    // A connection that died without a word is given up; a machine that slept has one.
    const watch = setInterval(() => performance.now() - heardAt > SILENCE_MS && connection.abort(), SILENCE_MS / 3);
    void follow();
    return () => {
      ended = true;
      clearTimeout(timer);
      clearInterval(watch);
      connection.abort();
    };
  }, [token]);
  return state;
}
