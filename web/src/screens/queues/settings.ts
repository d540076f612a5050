/** The settings of a queue in groups, how a form has each, and what of a form differs from what the server has. Pure. */

import { readSkills, writeSkills } from "../agents/skills.ts";
import type { Queue, Settings, Strategy } from "./data.ts";
import { readDestination, same } from "./destination.ts";

/** `count`: a whole number; `countOrNone`: or nothing, which is null. */
export type Kind = "count" | "countOrNone" | "yesNo" | "destination" | "menu" | "skills" | "selector" | "language" | "key" | "callbackMode" | "recording" | "sound";
type Name = keyof Settings;

export const GROUPS: readonly { id: "callers" | "waiting" | "agents" | "announcements" | "callbacks"; fields: readonly (readonly [Name, Kind])[] }[] = [
  { id: "callers", fields: [["menuId", "menu"], ["vipHeadStartSec", "count"], ["divertTo", "destination"], ["locked", "destination"], ["serviceLevelSec", "count"], ["recording", "recording"], ["recordingAnnouncement", "sound"]] },
  { id: "waiting", fields: [["overflow", "destination"], ["maxLength", "countOrNone"], ["whenFull", "destination"], ["joinEmpty", "yesNo"], ["leaveEmptyAfterSec", "countOrNone"], ["whenEmpty", "destination"]] },
  { id: "agents", fields: [["agentSelector", "selector"], ["skills", "skills"], ["skillsForSec", "countOrNone"], ["preferredAgentDays", "countOrNone"], ["preferredAgentPatienceSec", "count"], ["ringTimeoutSec", "count"], ["autoPauseAfter", "countOrNone"], ["inboundReserve", "countOrNone"]] },
  { id: "announcements", fields: [["announceWait", "yesNo"], ["announceEverySec", "count"], ["language", "language"]] },
  { id: "callbacks", fields: [["callbackOffered", "yesNo"], ["callbackKey", "key"], ["callbackMode", "callbackMode"], ["callbackExpiresSec", "count"]] },
];

function read(form: FormData, name: string, kind: Kind): unknown {
  const written = String(form.get(name) ?? "").trim();
  switch (kind) {
    case "yesNo": return written === "on";
    case "destination": return readDestination(form, name);
    case "skills": return readSkills(written);
    case "count": return Number(written);
    case "countOrNone":
    case "menu": return written === "" ? null : Number(written);
    default: return written || null;
  }
}

/** The settings of a group that differ; empty: none. */
export function changedSettings(now: Settings, form: FormData, fields: readonly (readonly [Name, Kind])[]): Partial<Record<Name, unknown>> {
  const change: Partial<Record<Name, unknown>> = {};
  for (const [name, kind] of fields) {
    const value = read(form, name, kind);
    const kept = kind === "destination" ? same(value as Settings["overflow"], now[name] as Settings["overflow"])
      : kind === "skills" ? writeSkills(value as Settings["skills"]) === writeSkills(now.skills)
      : value === (now[name] ?? null);
    if (!kept) change[name] = value;
  }
  return change;
}

export type Own = { strategy?: Strategy; callinNumber?: string | null; moh_file_id?: string | null; max_wait_sec?: string | null; announce_position?: "0" | "1" | null };

/** What differs of the queue's own record, whose fields are changed by other names than they are shown. */
export function changedOwn(now: Queue, form: FormData): Own {
  const of = (name: string) => String(form.get(name) ?? "").trim() || null;
  const sent: Required<Own> = {
    strategy: Number(of("strategy")) as Strategy, callinNumber: of("callinNumber"), moh_file_id: of("moh_file_id"),
    max_wait_sec: of("max_wait_sec"), announce_position: of("announce_position") as "0" | "1" | null,
  };
  const had: Required<Own> = { strategy: now.strategy, callinNumber: now.callinNumber, moh_file_id: now.musicinQueue, max_wait_sec: now.timeWait, announce_position: now.nguongRanhRoi };
  return Object.fromEntries(Object.entries(sent).filter(([name, value]) => value !== had[name as keyof Own]));
}
