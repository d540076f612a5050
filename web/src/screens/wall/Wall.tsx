import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { useOtherBuild } from "../../data/build.ts";
import { useServerNow } from "../../data/clock.ts";
import { STALE_S } from "../../data/stream.ts";
import { clock, duration, number, percent } from "../../format/format.ts";
import { AGENT_TONES } from "../../parts/agentTones.ts";
import { Badge } from "../../parts/Badge.tsx";
import { applyTheme } from "../../shell/theme.ts";
import { language, showLanguage, useWords } from "../../words/language.ts";
import { useBoard } from "./board.ts";
import { en } from "./en.ts";
import { levelOf, type Board, type BoardQueue, type Level } from "./events.ts";
import { vi } from "./vi.ts";
import css from "./wall.module.css";

const ROTATE_S = 10;
const useWallWords = () => useWords({ en, vi });

function useToken(): string {
  return useSyncExternalStore(
    (listener) => {
      addEventListener("hashchange", listener);
      return () => removeEventListener("hashchange", listener);
    },
    () => location.hash.slice(1),
  );
}

/** A board for a television. Nobody touches it: it follows what is set, loads a new version, and connects for ever. */
export default function Wall() {
  const token = useToken();
  const { board, readAt, revoked } = useBoard(token);
  const t = useWallWords();
  const now = useServerNow();
  const other = useOtherBuild();
  useEffect(() => {
    if (other) location.reload();
  }, [other]);
  const asked = board?.language;
  useEffect(() => {
    if (!asked) return;
    const before = language();
    showLanguage(asked as typeof before);
    return () => showLanguage(before);
  }, [asked]);
  const theme = board?.theme ?? "dark";
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    return applyTheme;
  }, [theme]);
  useEffect(() => {
    document.title = `${board?.name ?? t.title} · Tongdai`;
  }, [board?.name, t.title]);
  if (revoked) return <Message title={t.revoked} text={t.revokedText} />;
  if (!board || readAt === null) return <Message title={t.connecting} />;
  const age = (now - readAt) / 1000;
  const stale = age > STALE_S;
  return (
    <main className={`${css["wall"]} ${stale ? css["stale"] : ""}`}>
      <header className={css["head"]}>
        <h1>{board.name}</h1>
        {stale && <strong className={css["age"]} role="alert">▲ {t.age(duration(age))}</strong>}
        <time>{clock(new Date(now))}</time>
      </header>
      <section className={css["tiles"]} aria-label={t.figures}>
        {board.tiles.map((tile) => <TileOf key={tile} tile={tile} board={board} now={now} />)}
      </section>
      <Queues board={board} now={now} />
    </main>
  );
}

function Message({ title, text }: { title: string; text?: string }) {
  return <main className={css["message"]}><h1>{title}</h1>{text && <p>{text}</p>}</main>;
}

const waitOf = ({ waitingSince }: { waitingSince: string | null }, now: number) => (waitingSince ? Math.max(0, (now - Date.parse(waitingSince)) / 1000) : null);
const waitingLevel = (board: Board, of: { waiting: number }) => levelOf(of.waiting, board.thresholds.waiting);
const longestLevel = (board: Board, of: { waitingSince: string | null }, now: number) => levelOf(waitOf(of, now), board.thresholds.longestSec);
const serviceLevel = (board: Board, { today }: Pick<Board, "today">) => levelOf(today.serviceLevelOfOffered, board.thresholds.servicePercent, true);

function TileOf({ tile, board, now }: { tile: Board["tiles"][number]; board: Board; now: number }) {
  const t = useWallWords();
  switch (tile) {
    case "waiting":
      return <Tile title={t.waiting} figure={number(board.waiting)} level={waitingLevel(board, board)}>{t.talking(number(board.talking))}</Tile>;
    case "longest":
      return <Tile title={t.longest} figure={duration(waitOf(board, now))} level={longestLevel(board, board, now)}>{board.waitingSince ? "" : t.nobody}</Tile>;
    case "service":
      return <Tile title={t.service} figure={percent(board.today.serviceLevelOfOffered)} level={serviceLevel(board, board)}>{t.answered(number(board.today.answered))}</Tile>;
    case "agents":
      return (
        <Tile title={t.ready} figure={number(board.agents["idle"] ?? 0)} level={null}>
          <span className={css["states"]}>
            {Object.entries(board.agents).map(([state, count]) => state !== "idle" && (
              <Badge key={state} tone={AGENT_TONES[state as keyof typeof AGENT_TONES]}>{`${t.states[state as keyof typeof t.states]} ${number(count)}`}</Badge>
            ))}
          </span>
        </Tile>
      );
    case "callbacks":
      return <Tile title={t.callbacks} figure={number(board.callbacks)} level={null}>{t.due}</Tile>;
    default:
      return <Tile title={t.today} figure={number(board.today.offered)} level={null}>{t.abandoned(number(board.today.abandoned))}</Tile>;
  }
}

/** A big figure. How bad it is has a word and a shape besides its colour. */
function Tile({ title, figure, level, children }: { title: string; figure: string; level: Level; children: ReactNode }) {
  return (
    <div className={`${css["tile"]} ${level ? css[level] : ""}`} role="group" aria-label={title}>
      <h2>{title}<Sign level={level} /></h2>
      <div className={css["figure"]}>{figure}</div>
      <div className={css["more"]}>{children}</div>
    </div>
  );
}

function Sign({ level }: { level: Level }) {
  const t = useWallWords();
  return level && <Badge tone={level}>{t.levels[level]}</Badge>;
}

/** As many queues as fit, a part of them after the other. */
function Queues({ board, now }: { board: Board; now: number }) {
  const t = useWallWords();
  const box = useRef<HTMLDivElement>(null);
  const [fit, setFit] = useState(1);
  useEffect(() => {
    const room = box.current!; // the observer may still be called once when the board has gone
    const measure = () => {
      const row = room.querySelector("tr")?.getBoundingClientRect().height;
      if (row) setFit(Math.max(1, Math.floor(room.clientHeight / row) - 1));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(room);
    return () => observer.disconnect();
  }, []);
  const pages = Math.max(1, Math.ceil(board.queues.length / fit));
  const page = Math.floor(now / 1000 / ROTATE_S) % pages;
  return (
    <div ref={box} className={css["queues"]}>
      <table>
        <thead><tr>
          <th scope="col">{t.queue}{pages > 1 && <span className={css["page"]}> {page + 1}/{pages}</span>}</th>
          <th scope="col">{t.waiting}</th><th scope="col">{t.longest}</th><th scope="col">{t.inCalls}</th><th scope="col">{t.ready}</th>
          <th scope="col">{t.callbacks}</th><th scope="col">{t.service}</th><th scope="col">{t.today}</th>
        </tr></thead>
        <tbody>{board.queues.slice(page * fit, (page + 1) * fit).map((queue) => <Row key={queue.callinId} board={board} queue={queue} now={now} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ board, queue, now }: { board: Board; queue: BoardQueue; now: number }) {
  return (
    <tr>
      <th scope="row">{queue.callinName}</th>
      <Cell level={waitingLevel(board, queue)}>{number(queue.waiting)}</Cell>
      <Cell level={longestLevel(board, queue, now)}>{duration(waitOf(queue, now))}</Cell>
      <Cell level={null}>{number(queue.talking)}</Cell>
      <Cell level={null}>{number(queue.agents["idle"] ?? 0)}</Cell>
      <Cell level={null}>{number(queue.callbacks)}</Cell>
      <Cell level={serviceLevel(board, queue)}>{percent(queue.today.serviceLevelOfOffered)}</Cell>
      <Cell level={null}>{number(queue.today.offered)}</Cell>
    </tr>
  );
}

const SHAPES = { warn: "▲ ", bad: "■ " };

function Cell({ level, children }: { level: Level; children: string }) {
  const t = useWallWords();
  return <td className={level ? css[level] : ""}>{level && <span role="img" aria-label={t.levels[level]}>{SHAPES[level]}</span>}{children}</td>;
}
