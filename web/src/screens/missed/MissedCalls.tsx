import { oneOf, useFilters } from "../../app/search.ts";
import { Tabs } from "../../parts/Tabs.tsx";
import { Page } from "../../shell/Page.tsx";
import { Callbacks } from "./Callbacks.tsx";
import { Missed } from "./Missed.tsx";
import { useMissedWords } from "./words.ts";

const LISTS = ["missed", "callbacks"] as const;

/** Callers whom nobody answered, who sees to them, and the callbacks that are to be made. */
export default function MissedCalls() {
  const t = useMissedWords();
  const [{ list }, change] = useFilters((search) => ({
    list: oneOf(search, "list", LISTS), state: undefined as string | undefined, agent: undefined as string | undefined, cursor: undefined as string | undefined,
  }));
  const shown = list ?? "missed";
  return (
    <Page title={t.title}>
      <Tabs label={t.title} tabs={LISTS.map((one) => [one, t.tabs[one]] as const)} shown={shown} onShow={(one) => change({ list: one, state: undefined, agent: undefined, cursor: undefined })}>
        {shown === "missed" ? <Missed /> : <Callbacks />}
      </Tabs>
    </Page>
  );
}
