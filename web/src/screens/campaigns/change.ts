import type { components } from "../../api/schema.d.ts";

export const NUMBERS = ["maxConcurrentCalls", "callsPerSecond", "ringTimeoutSec", "abandonmentCapPercent", "priority"] as const;
type Change = components["schemas"]["CampaignChange"];
type Settings = { campaignName: string; callerId: string | null } & Record<(typeof NUMBERS)[number], number>;

/** The fields of a form that differ from the campaign; an empty caller id is none. */
export function changed(campaign: Settings, form: Record<string, string>): Change {
  const change: Change = {};
  const name = form["campaignName"]?.trim() ?? "";
  const callerId = form["callerId"]?.trim() || null;
  if (name !== campaign.campaignName) change.campaignName = name;
  if (callerId !== campaign.callerId) change.callerId = callerId;
  for (const field of NUMBERS) {
    const value = Number(form[field]);
    if (value !== campaign[field]) change[field] = value;
  }
  return change;
}
