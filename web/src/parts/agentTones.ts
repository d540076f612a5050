import type { Topics } from "../data/stream.ts";
import type { Tone } from "./Badge.tsx";

/** The tone in which each screen shows the state of an agent. */
export const AGENT_TONES: Record<Topics["agents"][number]["state"], Tone> = {
  offline: "quiet", calling: "info", idle: "good", reserved: "info", alerting: "info", talking: "info", wrap_up: "warn", paused: "warn", unreachable: "bad", hanging_up: "quiet",
};
