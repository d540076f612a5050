import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { date, number, percent } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import css from "./campaigns.module.css";
import { doneOf, STATUSES } from "./states.ts";
import { useCampaignWords } from "./words.ts";

const SIZE = 50;

/** The campaigns of the tenant, with what is done of each. */
export default function Campaigns() {
  const t = useCampaignWords();
  const navigate = useNavigate();
  const mayAct = useSession().user.role !== "viewer";
  const [{ status, cursor }, change] = useFilters((search) => ({ status: text(search, "status"), cursor: text(search, "cursor") }));
  const query = { limit: SIZE, cursor: cursor ?? "*", ...(status ? { status: Number(status) } : {}) };
  const campaigns = useQuery({ queryKey: ["campaigns", query], queryFn: () => call(api.GET("/v1/campaigns", { params: { query } })), refetchInterval: 10_000 });
  return (
    <Page title={t.title} more={mayAct && <Button kind="primary" onClick={() => void navigate({ to: "/campaigns/new" })}>{t.create}</Button>}>
      <Panel title={t.title}>
        <div className={css["filters"]}>
          <Select label={t.state} value={status ?? ""} onChange={(event) => change({ status: event.target.value || undefined, cursor: undefined })}>
            <option value="">{t.anyState}</option>
            {Object.entries(STATUSES).map(([value, [word]]) => <option key={value} value={value}>{t.statuses[word]}</option>)}
          </Select>
        </div>
        <Shown of={campaigns}>
          {({ data, nextCursor, totalRecord }) => (
            <Table
              label={t.title}
              rows={data}
              rowKey={({ campaignId }) => campaignId}
              empty={<Empty title={t.none} />}
              paging={{ total: totalRecord, cursor, next: nextCursor ?? null, go: (to) => change({ cursor: to }) }}
              columns={[
                { id: "name", title: t.name, cell: ({ campaignId, campaignName }) => <Link to="/campaigns/$campaignId" params={{ campaignId: String(campaignId) } as never}>{campaignName}</Link> },
                { id: "status", title: t.state, cell: ({ status: of }) => <Badge tone={STATUSES[of][1]}>{t.statuses[STATUSES[of][0]]}</Badge> },
                { id: "progress", title: t.progress, cell: (row) => <progress className={css["bar"]} max={100} value={doneOf(row)} aria-label={`${t.progress}: ${row.campaignName}`} /> },
                { id: "done", title: t.processed, end: true, cell: (row) => percent(doneOf(row)) },
                { id: "contacts", title: t.contacts, end: true, cell: ({ contactCount }) => number(contactCount) },
                { id: "pending", title: t.pending, end: true, cell: ({ pendingCount }) => number(pendingCount) },
                { id: "inCall", title: t.inCall, end: true, cell: ({ inCallCount }) => number(inCallCount) },
                { id: "made", title: t.madeAt, cell: ({ createdAt }) => date(createdAt) },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </Page>
  );
}
