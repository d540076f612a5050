import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { dateTime, duration, number, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import css from "./campaigns.module.css";
import { isOutcome, PROCESSES, toneOf } from "./states.ts";
import { Blockers } from "./Why.tsx";
import { useCampaignWords } from "./words.ts";

const SIZE = 20;
type Key = { id: number; contactId: number };

/** The story of one contact: who they are, why they are not called now, and each call so far. */
export default function Contact() {
  const t = useCampaignWords();
  const params = useParams({ strict: false }) as { campaignId: string; contactId: string };
  const key: Key = { id: Number(params.campaignId), contactId: Number(params.contactId) };
  const contact = useQuery({ queryKey: ["campaigns", key.id, "contact", key.contactId], queryFn: () => call(api.GET("/v1/campaigns/{id}/contacts/{contactId}", { params: { path: key } })), refetchInterval: 10_000 });
  return (
    <Shown of={contact}>
      {(found) => {
        const [word, tone] = PROCESSES[found.processStatus];
        return (
          <Page title={found.name ?? phone(found.phoneNumber)} more={<Badge tone={tone}>{t.process[word]}</Badge>}>
            <div className={css["grid"]}>
              <Panel title={t.contacts} more={<Link to="/campaigns/$campaignId/contacts" params={{ campaignId: params.campaignId } as never} search={{ list: found.listId } as never}>{t.list}</Link>}>
                <div className={css["body"]}>
                  <dl className={css["facts"]}>
                    <dt>{t.phone}</dt><dd>{phone(found.phoneNumber)}</dd>
                    <dt>{t.externalId}</dt><dd>{found.externalId ?? "–"}</dd>
                    <dt>{t.zone}</dt><dd>{found.timeZone ?? "–"}</dd>
                    <dt>{t.lastOutcome}</dt><dd>{found.callStatus ? t.outcomeNames[found.callStatus] : "–"}</dd>
                    {Object.entries(found.attributes ?? {}).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{typeof value === "string" ? value : JSON.stringify(value)}</dd>])}
                  </dl>
                </div>
              </Panel>
              <WhyNot of={key} />
              <div className={css["wide"]}><Story of={key} /></div>
            </div>
          </Page>
        );
      }}
    </Shown>
  );
}

function WhyNot({ of }: { of: Key }) {
  const t = useCampaignWords();
  const why = useQuery({ queryKey: ["campaigns", of.id, "contact", of.contactId, "why"], queryFn: () => call(api.GET("/v1/campaigns/{id}/contacts/{contactId}/why", { params: { path: of } })), refetchInterval: 10_000 });
  return (
    <Panel title={t.why}>
      <Shown of={why}>
        {({ reason, message, nextCallAt, blockers }) => (
          <div className={css["body"]}>
            <p><strong>{t.reasons[reason as keyof typeof t.reasons] ?? message}</strong></p>
            <dl className={css["facts"]}><dt>{t.nextCall}</dt><dd>{dateTime(nextCallAt)}</dd></dl>
            {blockers.length > 0 && <Blockers of={blockers} />}
          </div>
        )}
      </Shown>
    </Panel>
  );
}

function Story({ of }: { of: Key }) {
  const t = useCampaignWords();
  const [{ cursor }, change] = useFilters((search) => ({ cursor: text(search, "cursor") }));
  const query = { size: SIZE, cursor: cursor ?? "*" };
  const calls = useQuery({
    queryKey: ["campaigns", of.id, "contact", of.contactId, "calls", query],
    queryFn: () => call(api.GET("/v1/campaigns/{id}/contacts/{contactId}/attempts", { params: { path: of, query } })),
    refetchInterval: 10_000,
  });
  return (
    <Panel title={t.story}>
      <Shown of={calls}>
        {({ data, nextCursor, totalRecord }) => (
          <Table
            label={t.story}
            rows={data}
            rowKey={({ callId }) => callId}
            empty={<Empty title={t.noCalls} />}
            paging={{ total: totalRecord, cursor, next: nextCursor ?? null, go: (to) => change({ cursor: to }) }}
            columns={[
              { id: "at", title: t.at, cell: ({ openedAt }) => dateTime(openedAt) },
              { id: "outcome", title: t.outcome, cell: ({ outcome }) => (isOutcome(outcome) ? <Badge tone={toneOf(outcome)}>{t.outcomeNames[outcome]}</Badge> : <Badge tone="info">{t.process.inCall}</Badge>) },
              { id: "ring", title: t.ringFor, end: true, cell: ({ ringSec }) => duration(ringSec) },
              { id: "talk", title: t.talked, end: true, cell: ({ talkSec }) => duration(talkSec) },
              { id: "agent", title: t.agent, cell: ({ agentId }) => (agentId === null ? "–" : t.agentId(number(agentId))) },
              { id: "next", title: t.nextCall, cell: ({ nextCallAt }) => dateTime(nextCallAt) },
              { id: "note", title: t.note, cell: ({ wrapUpNote }) => wrapUpNote ?? "" },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}
