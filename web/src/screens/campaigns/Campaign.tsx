import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { components } from "../../api/schema.d.ts";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { useSession } from "../../data/session.ts";
import { duration, number, percent } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { Acts } from "./Acts.tsx";
import css from "./campaigns.module.css";
import { daysOf, doneOf, STATUSES, toneOf } from "./states.ts";
import { Timeline } from "./Timeline.tsx";
import { Figures, Why } from "./Why.tsx";
import { useCampaignWords } from "./words.ts";

type Schemas = components["schemas"];
type Detail = Schemas["CampaignDetail"];

/** One campaign: what is done of it, what happens, why not more, and its settings. */
export default function Campaign() {
  const t = useCampaignWords();
  const id = Number((useParams({ strict: false }) as { campaignId: string }).campaignId);
  const path = { params: { path: { id } } };
  const campaign = useQuery({ queryKey: ["campaigns", id], queryFn: () => call(api.GET("/v1/campaigns/{id}", path)), refetchInterval: 5_000 });
  return (
    <Shown of={campaign}>
      {(found) => (
        <Page title={found.campaignName} more={<div className={css["acts"]}><Badge tone={STATUSES[found.status][1]}>{t.statuses[STATUSES[found.status][0]]}</Badge><Acts campaign={found} /></div>}>
          <div className={css["grid"]}>
            <div className={css["column"]}>
              <Progress campaign={found} />
              <Lists id={id} />
              <Why id={id} />
              <Rules campaign={found} />
            </div>
            <div className={css["column"]}>
              <Now id={id} />
              <Timeline id={id} />
              <Outcomes campaign={found} />
            </div>
          </div>
        </Page>
      )}
    </Shown>
  );
}

function Progress({ campaign }: { campaign: Detail }) {
  const t = useCampaignWords();
  const done = doneOf(campaign);
  return (
    <Panel title={t.progress}>
      <div className={css["body"]}>
        <div className={css["progress"]}>
          <progress className={css["bar"]} max={100} value={done} aria-label={t.progress} />
          <span>{t.share(number(campaign.processedCount), number(campaign.contactCount), percent(done))}</span>
        </div>
        <Figures of={[[t.pending, number(campaign.pendingCount)], [t.inCall, number(campaign.inCallCount)], [t.processed, number(campaign.processedCount)]]} />
      </div>
    </Panel>
  );
}

/** What happens now, with its age: it is read again every two seconds. */
function Now({ id }: { id: number }) {
  const t = useCampaignWords();
  const live = useQuery({
    queryKey: ["campaigns", id, "live"],
    queryFn: async () => {
      const data = await call(api.GET("/v1/campaigns/{id}/live", { params: { path: { id } } }));
      return { data, readAt: serverNow() };
    },
    refetchInterval: 2_000,
  });
  return (
    <Panel title={t.now} live heard={live.data}>
      <Shown of={live}>
        {({ data }) => {
          const over = (data.abandonedRate24h ?? 0) > data.pacing.abandonmentCapPercent;
          return (
            <div className={css["body"]}>
              <Figures
                of={[
                  [t.dialing, number((data.calls.dialing ?? 0) + (data.calls.ringing ?? 0))],
                  [t.talking, number(data.calls.talking)],
                  [t.waiting, number(data.calls.waiting)],
                  [t.perMinute, number(data.callsPerMinute)],
                ]}
              />
              {data.pacing.mode !== "agentless" && (
                <>
                  <h3>{t.agentsNow}</h3>
                  <Figures
                    of={[
                      [t.agentStates.idle, number(data.agents.idle)],
                      [t.agentStates.busy, number((data.agents.reserved ?? 0) + (data.agents.talking ?? 0))],
                      [t.agentStates.wrapUp, number(data.agents.wrapUp)],
                      [t.agentStates.paused, number(data.agents.paused)],
                      [t.agentStates.offline, number(data.agents.offline)],
                    ]}
                  />
                </>
              )}
              <h3>{t.today}</h3>
              <Figures
                of={[
                  [t.calls, number(data.today.calls)],
                  [t.answerRate, percent(data.today.answerRate, 1)],
                  [t.talk, duration(data.today.talkSec)],
                  [t.ring, duration(data.today.ringSec)],
                ]}
              />
              <p className={over ? css["over"] : ""}>
                {t.abandoned24}: {percent(data.abandonedRate24h, 1)} / {percent(data.pacing.abandonmentCapPercent, 1)}
                {over && ` – ${t.overCeiling}`}
              </p>
            </div>
          );
        }}
      </Shown>
    </Panel>
  );
}

function Outcomes({ campaign }: { campaign: Detail }) {
  const t = useCampaignWords();
  const rows = Object.entries(campaign.callStatus) as [keyof typeof t.outcomeNames, number][];
  return (
    <Panel title={t.outcomes}>
      <Table
        label={t.outcomes}
        rows={rows}
        rowKey={([outcome]) => outcome}
        empty={<Empty title={t.noOutcomes} />}
        columns={[
          { id: "outcome", title: t.outcome, by: ([outcome]) => t.outcomeNames[outcome], cell: ([outcome]) => <Badge tone={toneOf(outcome)}>{t.outcomeNames[outcome]}</Badge> },
          { id: "number", title: t.number, end: true, by: ([, count]) => count, cell: ([, count]) => number(count) },
        ]}
      />
    </Panel>
  );
}

function Rules({ campaign }: { campaign: Detail }) {
  const t = useCampaignWords();
  const mayChange = useSession().user.role !== "viewer";
  const hours = campaign.effectiveWindows.map(({ days, from, to }) => `${daysOf(days, t.days)} ${from}–${to}`);
  return (
    <Panel title={t.settings} more={mayChange && <Link to="/campaigns/$campaignId/settings" params={{ campaignId: String(campaign.campaignId) } as never}>{t.change}</Link>}>
      <div className={css["body"]}>
        <dl className={css["facts"]}>
          <dt>{t.fixed.dialingMode}</dt><dd>{t.modes[campaign.dialingMode]}</dd>
          <dt>{t.fixed.purpose}</dt><dd>{t.purposes[campaign.purpose]}</dd>
          <dt>{t.fixed.preset}</dt><dd>{t.presets[campaign.preset]}</dd>
          <dt>{t.fixed.hours}</dt><dd>{hours.map((line) => <div key={line}>{line}</div>)}</dd>
          <dt>{t.fixed.machineDetection}</dt><dd>{t.detection[campaign.machineDetection]}</dd>
          <dt>{t.fixed.audioFile}</dt><dd>{campaign.audioFile ?? "–"}</dd>
          <dt>{t.fields.callerId}</dt><dd>{campaign.callerId ?? "–"}</dd>
          <dt>{t.fields.maxConcurrentCalls}</dt><dd>{number(campaign.maxConcurrentCalls)}</dd>
          <dt>{t.fields.callsPerSecond}</dt><dd>{number(campaign.callsPerSecond)}</dd>
          <dt>{t.fields.ringTimeoutSec}</dt><dd>{number(campaign.ringTimeoutSec)}</dd>
          <dt>{t.fields.priority}</dt><dd>{number(campaign.priority)}</dd>
        </dl>
      </div>
    </Panel>
  );
}

function Lists({ id }: { id: number }) {
  const t = useCampaignWords();
  const mayImport = useSession().user.role !== "viewer";
  const lists = useQuery({ queryKey: ["campaigns", id, "lists"], queryFn: () => call(api.GET("/v1/campaigns/{id}/contact-lists", { params: { path: { id } } })) });
  return (
    <Panel title={t.lists} more={mayImport && <Link to="/campaigns/$campaignId/import" params={{ campaignId: String(id) } as never}>{t.import}</Link>}>
      <Shown of={lists}>
        {({ data }) => (
          <Table
            label={t.lists}
            rows={data}
            rowKey={({ listId }) => listId}
            empty={<Empty title={t.noLists} />}
            columns={[
              { id: "name", title: t.list, by: ({ listName }) => listName, cell: ({ listId, listName }) => <Link to="/campaigns/$campaignId/contacts" params={{ campaignId: String(id) } as never} search={{ list: listId } as never}>{listName}</Link> },
              { id: "count", title: t.contacts, end: true, by: ({ contactCount }) => contactCount, cell: ({ contactCount }) => number(contactCount) },
            ]}
          />
        )}
      </Shown>
    </Panel>
  );
}

