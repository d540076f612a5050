import { useWords } from "../../words/language.ts";
import { useCampaignWords } from "../campaigns/words.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

export const useCallWords = () => useWords({ en, vi });

/** The words for all outcomes: those of calls to contacts, and those that only calls to queues have. */
export function useOutcomeWords() {
  return { ...useCampaignWords().outcomeNames, ...useCallWords().callerOutcomes };
}
