/** What the phone of a browser is doing, and what its connection's end means. Pure. */

export type Status =
  | "off" // nobody has asked for it
  | "connecting"
  | "insecure" // the page is not served in a way that gives it a microphone
  | "asking" // for the microphone
  | "denied"
  | "no_microphone"
  | "signing_on"
  | "checking" // whether sound comes through, in a call that was answered
  | "no_media" // the call was answered, and no sound came through
  | "ready" // the switch can call it
  | "ringing"
  | "connected" // to the switch, in a call or between calls
  | "other_tab"
  | "elsewhere"
  | "taken"
  | "desk_phone"
  | "no_account"
  | "no_agent"
  | "no_switch"
  | "no_websocket" // the connection was refused, and never was one
  | "simulated"
  | "signed_out"
  | "refused" // the switch does not accept it
  | "lost"; // the connection; it is tried again

/** Codes with which the server closes the connection (tongdai/phone/relay.py). */
const CODES: Record<number, Status> = {
  4401: "signed_out", 4403: "no_agent", 4404: "no_account", 4409: "elsewhere", 4410: "taken", 4412: "desk_phone", 4501: "simulated", 4503: "no_switch",
};

/** What has become of the phone when its connection was closed. `opened`: whether it had been one. */
export function closed(code: number, opened = true): Status {
  return CODES[code] ?? (opened ? "lost" : "no_websocket");
}

/** Whether the connection is tried again by itself. */
export function again(status: Status): boolean {
  return status === "lost" || status === "no_switch" || status === "no_websocket";
}

/** Whether the agent uses this browser as a phone, as far as is known: their calls cannot come before it is ready. */
export function blocks(status: Status): boolean {
  return !(["off", "connecting", "ready", "ringing", "checking", "connected", "desk_phone", "no_account", "no_agent", "simulated", "lost", "no_switch", "no_websocket"] as Status[]).includes(status);
}

/** Whether there is anything to tell of the phone: nothing of one that is no browser's. */
export function shown(status: Status): boolean {
  return !(["off", "no_account", "no_agent", "simulated"] as Status[]).includes(status);
}

/** Whether the phone can be had here by asking for it. */
export function takes(status: Status): boolean {
  return status === "other_tab" || status === "elsewhere" || status === "taken" || status === "desk_phone";
}

/** Whether asking again may help. */
export function retries(status: Status): boolean {
  return status === "denied" || status === "no_microphone" || status === "refused" || status === "no_media";
}

/** Whether an INVITE asks the phone to pick up by itself. */
export function picksUp(callInfo: string | undefined): boolean {
  return /;\s*answer-after=0\b/.test(callInfo ?? "");
}

/** The loudness of samples between -1 and 1, as 0 to 1 in steps that an eye can follow: -60 dB is 0. */
export function level(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) || 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 60));
}

/** Where the page may use a microphone, if the server has TLS: the same page, by https. */
export function secureAddress(url: string): string {
  const { hostname } = new URL(url);
  return `https://${hostname.includes(":") ? `[${hostname.replace(/[[\]]/g, "")}]` : hostname}/`;
}
