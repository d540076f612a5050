import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { oneOf, text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { dateTime, duration, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Find } from "../../parts/Find.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { useAgents, useQueues } from "../agents/data.ts";
import type { components } from "../../api/schema.d.ts";
import css from "./calls.module.css";
import { instantsOf, toneOfOutcome, type Call, type Outcome } from "./outcomes.ts";
import { useCallWords, useOutcomeWords } from "./words.ts";

const SIZE = 50;

/** Calls of both directions. The filters and the page are in the URL, so that a link shows the same. */
export default function Calls() {
  const t = useCallWords();
  const outcomes = useOutcomeWords();
  const [filters, change] = useFilters((search) => ({
    direction: oneOf(search, "direction", ["inbound", "outbound"] as const),
    outcome: oneOf(search, "outcome", Object.keys(outcomes) as Outcome[]),
    queue: text(search, "queue"), campaign: text(search, "campaign"), agent: text(search, "agent"), phone: text(search, "phone"),
    from: text(search, "from"), to: text(search, "to"), cursor: text(search, "cursor"),
  }));
  const set = (some: Partial<typeof filters>) => change({ ...some, cursor: undefined });
  const queues = useQueues().data ?? [];
  const agents = useAgents().data ?? [];
  const campaigns = useQuery({ queryKey: ["campaigns", "names"], queryFn: () => call(api.GET("/v1/campaigns", { params: { query: { limit: 200 } } })) }).data?.data ?? [];
  const query = {
    size: SIZE, cursor: filters.cursor ?? "*", direction: filters.direction ?? ("all" as const),
    ...(filters.outcome && { outcome: filters.outcome }),
    ...(filters.queue && { queueId: Number(filters.queue) }),
    ...(filters.campaign && { campaignId: Number(filters.campaign) }),
    ...(filters.agent && { agentId: Number(filters.agent) }),
    ...(filters.phone && { phoneNumber: filters.phone }),
    ...instantsOf(filters.from, filters.to),
  };
  const calls = useQuery({
    queryKey: ["calls", query],
    // The endpoint also answers in CSV, which its type tells.
    queryFn: async () => (await call(api.GET("/v1/calls", { params: { query } }))) as components["schemas"]["CallPage"],
    refetchInterval: 10_000,
  });
  const options = (any: string, of: readonly (readonly [string | number, string])[]) => [["", any] as const, ...of].map(([value, name]) => <option key={value} value={value}>{name}</option>);
  const named = (of: readonly (readonly [number, string])[], id: number | null) => (id === null ? "–" : (of.find(([one]) => one === id)?.[1] ?? String(id)));
  const agentNames = agents.map(({ agentId, agentName }) => [agentId, agentName] as const);
  const queueNames = queues.map(({ callinId, callinName }) => [callinId, callinName] as const);
  const campaignNames = campaigns.map(({ campaignId, campaignName }) => [campaignId, campaignName] as const);
  const where = ({ queueId, campaignId }: Call) => (campaignId === null ? named(queueNames, queueId) : named(campaignNames, campaignId));
  return (
    <Page title={t.title}>
      <Panel title={t.title}>
        <div className={css["filters"]}>
          <Select label={t.direction} value={filters.direction ?? ""} onChange={(event) => set({ direction: (event.target.value || undefined) as typeof filters.direction })}>{options(t.anyDirection, Object.entries(t.directions))}</Select>
          <Select label={t.queue} value={filters.queue ?? ""} onChange={(event) => set({ queue: event.target.value || undefined })}>{options(t.anyQueue, queueNames)}</Select>
          <Select label={t.campaign} value={filters.campaign ?? ""} onChange={(event) => set({ campaign: event.target.value || undefined })}>{options(t.anyCampaign, campaignNames)}</Select>
          <Select label={t.agent} value={filters.agent ?? ""} onChange={(event) => set({ agent: event.target.value || undefined })}>{options(t.anyAgent, agentNames)}</Select>
          <Select label={t.outcome} value={filters.outcome ?? ""} onChange={(event) => set({ outcome: (event.target.value || undefined) as Outcome | undefined })}>{options(t.anyOutcome, Object.entries(outcomes))}</Select>
          <Field label={t.from} type="date" value={filters.from ?? ""} onChange={(event) => set({ from: event.target.value || undefined })} />
          <Field label={t.to} type="date" value={filters.to ?? ""} onChange={(event) => set({ to: event.target.value || undefined })} />
          <Find key={filters.phone ?? ""} label={t.findNumber} value={filters.phone} onFind={(value) => set({ phone: value })} />
        </div>
        <Shown of={calls}>
          {({ data, nextCursor, totalRecord }) => (
            <Table
              label={t.title}
              rows={data}
              rowKey={({ callId }) => callId}
              empty={<Empty title={t.none} />}
              paging={{ total: totalRecord, cursor: filters.cursor, next: nextCursor ?? null, go: (cursor) => change({ cursor }) }}
              columns={[
                { id: "number", title: t.number, cell: ({ callId, phoneNumber }) => <Link to="/calls/$callId" params={{ callId } as never}>{phone(phoneNumber)}</Link> },
                { id: "at", title: t.at, cell: ({ openedAt }) => dateTime(openedAt) },
                { id: "direction", title: t.direction, cell: ({ direction }) => t.directions[direction] },
                { id: "where", title: `${t.queue} / ${t.campaign}`, cell: where },
                { id: "agent", title: t.agent, cell: ({ agentId }) => named(agentNames, agentId) },
                { id: "outcome", title: t.outcome, cell: ({ outcome, state }) => <Badge tone={outcome ? toneOfOutcome(outcome) : "info"}>{outcome ? outcomes[outcome] : t.states[state]}</Badge> },
                { id: "wait", title: t.wait, end: true, cell: ({ waitSec }) => duration(waitSec) },
                { id: "talk", title: t.talk, end: true, cell: ({ talkSec }) => duration(talkSec) },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </Page>
  );
}
