/** How a sound file is uploaded. Pure. */

import type { Sound } from "../queues/data.ts";

export type Kind = Sound["kind"];

/** The name that a file gets if nothing else is written: of music its own, of a prompt without the ending. */
export function nameOf(file: { name: string }, kind: Kind): string {
  return kind === "music" ? file.name : file.name.replace(/\.[^.]*$/, "");
}

export function typeOf(file: { name: string }): string {
  return /\.mp3$/i.test(file.name) ? "audio/mpeg" : "audio/wav";
}

export function pathOf(kind: Kind, name: string, language: string): string {
  const query = new URLSearchParams({ kind, name, ...(kind === "prompt" && { language }) });
  return `/v1/queues/sounds?${query.toString()}`;
}
