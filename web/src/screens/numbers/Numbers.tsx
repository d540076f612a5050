import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";
import { date, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { useWords } from "../../words/language.ts";
import { useQueues } from "../agents/data.ts";
import { en } from "./en.ts";
import css from "./numbers.module.css";
import { vi } from "./vi.ts";

/** The numbers of the company: those that callers dial, and those that called persons see. */
export default function Numbers() {
  const t = useWords({ en, vi });
  const numbers = useQuery({ queryKey: ["numbers"], queryFn: () => all((cursor) => call(api.GET("/v1/numbers", { params: { query: { cursor, size: 200 } } }))) });
  const callerIds = useQuery({ queryKey: ["numbers", "caller ids"], queryFn: async () => (await call(api.GET("/v1/numbers/caller-ids"))).data });
  const queues = useQueues().data ?? [];
  const campaigns = useQuery({ queryKey: ["campaigns", "names"], queryFn: () => call(api.GET("/v1/campaigns", { params: { query: { limit: 200 } } })) }).data?.data ?? [];
  const campaignsOf = (ids: readonly number[]) => ids.map((id, at) => (
    <span key={id}>{at > 0 && ", "}<Link to="/campaigns/$campaignId" params={{ campaignId: String(id) } as never}>{campaigns.find(({ campaignId }) => campaignId === id)?.campaignName ?? String(id)}</Link></span>
  ));
  const ours = new Set(numbers.data?.flatMap(({ phoneNumber, national }) => [phoneNumber, phoneNumber.slice(1), national]));
  return (
    <Page title={t.title}>
      <div className={css["panels"]}>
        <Panel title={t.called}>
          <Shown of={numbers}>
            {(rows) => (
              <Table
                label={t.called}
                rows={rows}
                rowKey={({ phoneNumber }) => phoneNumber}
                empty={<Empty title={t.noCalled}>{t.noCalledText}</Empty>}
                columns={[
                  { id: "number", title: t.number, by: ({ phoneNumber }) => phoneNumber, cell: ({ national }) => phone(national) },
                  { id: "queue", title: t.queue, cell: ({ queueId }) => queueId === null
                    ? <Badge tone="warn">{t.refused}</Badge>
                    : <Link to="/queues/$queueId" params={{ queueId: String(queueId) } as never}>{queues.find(({ callinId }) => callinId === queueId)?.callinName ?? String(queueId)}</Link> },
                  { id: "campaigns", title: t.campaigns, cell: ({ campaignIds }) => campaignsOf(campaignIds) },
                  { id: "trunk", title: t.trunk, cell: ({ trunk }) => trunk ?? t.anyTrunk },
                  { id: "given", title: t.given, by: ({ givenAt }) => givenAt, cell: ({ givenAt }) => date(givenAt) },
                ]}
              />
            )}
          </Shown>
        </Panel>
        <Panel title={t.callerIds}>
          <Shown of={callerIds}>
            {(rows) => (
              <Table
                label={t.callerIds}
                rows={rows}
                rowKey={({ callerId }) => callerId}
                empty={<Empty title={t.noCallerIds} />}
                columns={[
                  { id: "number", title: t.number, cell: ({ callerId }) => phone(callerId) },
                  { id: "campaigns", title: t.campaigns, cell: ({ campaignIds }) => campaignsOf(campaignIds) },
                  { id: "ringBack", title: t.ringBack, cell: ({ callerId }) => <Badge tone={ours.has(callerId) ? "good" : "warn"}>{ours.has(callerId) ? t.ours : t.notOurs}</Badge> },
                ]}
              />
            )}
          </Shown>
        </Panel>
      </div>
    </Page>
  );
}
