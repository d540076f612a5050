import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { clock, dateTime, duration, number, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { useAgents, useQueues } from "../agents/data.ts";
import type { components } from "../../api/schema.d.ts";
import css from "./calls.module.css";
import { placeOf, toneOfOutcome } from "./outcomes.ts";
import { useCallWords, useOutcomeWords } from "./words.ts";

type Detail = components["schemas"]["CallDetailView"];
type Event = Detail["events"][number];

/** One call: what it was, its course with its parts, and the agents whom it was offered to. */
export default function Call() {
  const { callId } = useParams({ strict: false }) as { callId: string };
  const asked = useQuery({
    queryKey: ["calls", "one", callId],
    queryFn: () => call(api.GET("/v1/calls/{callId}", { params: { path: { callId } } })),
    // A call that has ended still gets the end of its wrap-up.
    refetchInterval: ({ state }) => (state.data?.state === "ended" && state.data.segments.every(({ endedAt }) => endedAt) ? false : 2_000),
  });
  return <Shown of={asked}>{(of) => <Story of={of} />}</Shown>;
}

function useNames() {
  const agents = useAgents().data;
  const queues = useQueues().data;
  return {
    agent: (id: number | null) => {
      if (id === null) return "–";
      const name = agents?.find(({ agentId }) => agentId === id)?.agentName;
      return name ? <Link to="/agents" search={{ agent: name } as never}>{name}</Link> : number(id);
    },
    queue: (id: number | null) => (id === null ? "–" : (queues?.find(({ callinId }) => callinId === id)?.callinName ?? number(id))),
  };
}

function Story({ of }: { of: Detail }) {
  const t = useCallWords();
  const now = useServerNow();
  const names = useNames();
  return (
    <Page title={t.callWith(phone(of.phoneNumber))} more={<Link to="/calls" search={{ phone: of.phoneNumber } as never}>{t.title}</Link>}>
      <div className={css["grid"]}>
        <About of={of} names={names} />
        <div className={css["column"]}>
          <WrapUp of={of} />
          <Panel title={t.offers}>
            <Table
              label={t.offers}
              rows={of.offers}
              rowKey={({ agentId, offeredAt }) => `${agentId} ${offeredAt}`}
              empty={<Empty title={t.noOffers} />}
              columns={[
                { id: "at", title: t.at, cell: ({ offeredAt }) => clock(offeredAt) },
                { id: "agent", title: t.agent, cell: ({ agentId }) => names.agent(agentId) },
                { id: "result", title: t.result, cell: ({ outcome }) => (outcome ? t.offered[outcome] : t.isOffered) },
                { id: "length", title: t.ring, end: true, cell: ({ offeredAt, endedAt }) => lengthOf(offeredAt, endedAt, now) },
              ]}
            />
          </Panel>
          {of.parties.length > 0 && (
            <Panel title={t.others}>
              <Table
                label={t.others}
                rows={of.parties}
                rowKey={({ target, calledAt }) => `${target} ${calledAt}`}
                columns={[
                  { id: "who", title: t.number, cell: ({ agentId, target }) => (agentId === null ? phone(target) : names.agent(agentId)) },
                  { id: "state", title: t.state, cell: ({ state }) => t.partyStates[state] },
                ]}
              />
            </Panel>
          )}
        </div>
        <div className={css["wide"]}>
          <Panel title={t.course}>
            <Table
              label={t.course}
              rows={of.segments}
              rowKey={({ kind, startedAt, agentId }) => `${kind} ${startedAt} ${agentId}`}
              empty={<Empty title={t.noParts} />}
              columns={[
                { id: "at", title: t.at, cell: ({ startedAt }) => clock(startedAt) },
                { id: "part", title: t.part, cell: ({ kind }) => t.parts[kind] },
                { id: "queue", title: t.queue, cell: ({ queueId }) => names.queue(queueId) },
                { id: "agent", title: t.agent, cell: ({ agentId }) => names.agent(agentId) },
                { id: "share", title: t.share, cell: (segment) => <Bar {...placeOf(segment, of.segments, now)} /> },
                { id: "length", title: t.length, end: true, cell: ({ startedAt, endedAt }) => `${lengthOf(startedAt, endedAt, now)}${endedAt ? "" : ` (${t.lasts})`}` },
              ]}
            />
          </Panel>
        </div>
        {of.events.length > 0 && (
          <div className={css["wide"]}>
            <Panel title={t.events}>
              <Table
                label={t.events}
                rows={of.events}
                rowKey={({ kind, at }) => `${kind} ${at}`}
                columns={[
                  { id: "at", title: t.at, cell: ({ at }) => clock(at) },
                  { id: "what", title: t.what, cell: (event) => <Happened of={event} /> },
                  { id: "where", title: t.where, cell: (event) => <Led of={event} names={names} /> },
                  { id: "by", title: t.by, cell: ({ userName, keyId }) => userName ?? (keyId === null ? "–" : t.byKey(number(keyId))) },
                ]}
              />
            </Panel>
          </div>
        )}
      </div>
    </Page>
  );
}

/** What an event is, with the key, the menu and the supervisor's phone. */
function Happened({ of: { kind, key, menuId, menuName, endpoint } }: { of: Event }) {
  const t = useCallWords();
  const more = [key, menuId !== null && kind !== "key" ? (menuName ?? number(menuId)) : null, endpoint].filter((one) => one !== null);
  return <>{[t.happened[kind], ...more].join(" ")}</>;
}

/** Where an event led. */
function Led({ of: { kind, toKind, to }, names }: { of: Event; names: ReturnType<typeof useNames> }) {
  const t = useCallWords();
  if (toKind === null) return <>{kind === "key" ? t.noSuchKey : "–"}</>;
  const named = to === null ? null : toKind === "queue" ? names.queue(Number(to)) : toKind === "agent" ? names.agent(Number(to)) : toKind === "number" ? phone(to) : to;
  return <>{t.leadsTo[toKind]} {named}</>;
}

/** Where a part of the call is in its time; the figures beside it say the same. */
function Bar({ left, width }: { left: number; width: number }) {
  return <span className={css["track"]} aria-hidden="true"><span className={css["bar"]} style={{ left: `${left}%`, width: `${width}%` }} /></span>;
}

function lengthOf(from: string, to: string | null, now: number): string {
  return duration(((to === null ? now : Date.parse(to)) - Date.parse(from)) / 1000);
}

function About({ of, names }: { of: Detail; names: ReturnType<typeof useNames> }) {
  const t = useCallWords();
  const outcomes = useOutcomeWords();
  const { campaignId, contactId, outcome } = of;
  const campaign = useQuery({
    queryKey: ["campaigns", campaignId],
    queryFn: () => call(api.GET("/v1/campaigns/{id}", { params: { path: { id: campaignId! } } })),
    enabled: campaignId !== null,
  });
  const facts: [string, ReactNode][] = [
    [t.outcome, <Badge tone={outcome ? toneOfOutcome(outcome) : "info"}>{outcome ? outcomes[outcome] : t.states[of.state]}</Badge>],
    [t.direction, t.directions[of.direction]],
  ];
  const known = (name: string, value: ReactNode) => value !== null && value !== false && facts.push([name, value]);
  const time = (name: string, at: string | null) => known(name, at && `${dateTime(at)}:${clock(at).slice(-2)}`);
  known(t.calledNumber, of.calledNumber && phone(of.calledNumber));
  known(t.queue, of.queueId !== null && names.queue(of.queueId));
  known(t.campaign, campaignId !== null && <Link to="/campaigns/$campaignId" params={{ campaignId: String(campaignId) } as never}>{campaign.data?.campaignName ?? number(campaignId)}</Link>);
  known(t.contact, campaignId !== null && contactId !== null && <Link to="/campaigns/$campaignId/contacts/$contactId" params={{ campaignId: String(campaignId), contactId: String(contactId) } as never}>{t.itsContact}</Link>);
  known(t.agent, of.agentId !== null && names.agent(of.agentId));
  time(t.opened, of.openedAt);
  time(t.dialled, of.dialledAt);
  time(t.answered, of.answeredAt);
  time(t.connected, of.connectedAt);
  time(t.ended, of.endedAt);
  known(t.wait, of.waitSec !== null && duration(of.waitSec));
  known(t.talk, of.talkSec !== null && duration(of.talkSec));
  time(t.held, of.heldUntil);
  known(t.state, of.muted && t.muted);
  known(t.machine, of.machineVerdict && t.verdicts[of.machineVerdict]);
  known(t.failure, of.failure && t.notPlayed);
  known(t.cause, of.hangupCause);
  known(t.sip, of.sipStatus);
  time(t.nextCall, of.nextCallAt);
  return (
    <Panel title={t.about}>
      <div className={css["body"]}>
        <dl className={css["facts"]}>{facts.map(([name, value]) => <Fragment key={name}><dt>{name}</dt><dd>{value}</dd></Fragment>)}</dl>
      </div>
    </Panel>
  );
}

function WrapUp({ of: { wrapUpCodeId, wrapUpNote } }: { of: Detail }) {
  const t = useCallWords();
  const codes = useQuery({ queryKey: ["wrap-up codes"], queryFn: () => call(api.GET("/v1/wrap-up-codes")), enabled: wrapUpCodeId !== null });
  const name = wrapUpCodeId === null ? t.noCode : codes.data ? (codes.data.data.find(({ codeId }) => codeId === wrapUpCodeId)?.name ?? t.deletedCode(number(wrapUpCodeId))) : "…";
  return (
    <Panel title={t.wrapUp}>
      <div className={css["body"]}>
        <dl className={css["facts"]}>
          <dt>{t.code}</dt><dd>{name}</dd>
          <dt>{t.note}</dt><dd>{wrapUpNote ?? "–"}</dd>
        </dl>
      </div>
    </Panel>
  );
}
