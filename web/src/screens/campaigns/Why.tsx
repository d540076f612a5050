import { useQuery } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { api, call } from "../../data/api.ts";
import { dateTime, number } from "../../format/format.ts";
import { Panel } from "../../parts/Panel.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import css from "./campaigns.module.css";
import { useCampaignWords } from "./words.ts";

type Diagnostics = components["schemas"]["Diagnostics"];
const REASONS = ["callableNow", "waitingForWindow", "waitingForRetry", "zoneUnknown", "doNotCall", "numberInCall", "overNumberCeiling"] as const satisfies (keyof Diagnostics)[];

/** Each pending contact under the one reason why it is not called, and what keeps the whole campaign. */
export function Why({ id }: { id: number }) {
  const t = useCampaignWords();
  const found = useQuery({ queryKey: ["campaigns", id, "diagnostics"], queryFn: () => call(api.GET("/v1/campaigns/{id}/diagnostics", { params: { path: { id } } })), refetchInterval: 10_000 });
  return (
    <Panel title={t.whyTitle}>
      <Shown of={found}>
        {(why) => (
          <>
            <div className={css["body"]}>
              <Blockers of={why.blockers} />
              {why.nextOpenAt && <p>{t.opensAt(dateTime(why.nextOpenAt))}</p>}
              {why.nextDueAt && <p>{t.dueAt(dateTime(why.nextDueAt))}</p>}
            </div>
            <Table
              label={t.whyTitle}
              rows={REASONS}
              rowKey={(reason) => reason}
              columns={[
                { id: "reason", title: t.reason, cell: (reason) => t.reasons[reason] },
                { id: "count", title: t.contacts, end: true, cell: (reason) => number(why[reason]) },
              ]}
            />
          </>
        )}
      </Shown>
    </Panel>
  );
}

export function Blockers({ of }: { of: Diagnostics["blockers"] }) {
  const t = useCampaignWords();
  if (!of.length) return <p>{t.noBlockers}</p>;
  return <ul className={css["blockers"]}>{of.map(({ code, message }) => <li key={code}>{t.blockers[code] ?? message}</li>)}</ul>;
}

export function Figures({ of }: { of: readonly (readonly [string, string])[] }) {
  return <dl className={css["figures"]}>{of.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}
