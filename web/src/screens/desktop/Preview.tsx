import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { dateTime, duration, phone } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Reason } from "../../parts/Reason.tsx";
import { notify } from "../../parts/toast.tsx";
import { useAct, useCallsWith, usePreview, type Agent, type Offer } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

/** The contact to look at before it is called, or the campaigns that have one; nothing where the agent has no such campaign. */
export function Preview({ agent }: { agent: Agent }) {
  const t = useDeskWords().preview;
  const act = useAct();
  const preview = usePreview(agent.agentId).data;
  if (!preview || (!preview.offer && !preview.campaigns.length)) return null;
  const params = { params: { path: { id: agent.agentId } } };
  const mayLook = agent.state === "idle" || agent.state === "wrap_up";
  const next = async (campaignId: number) => {
    const { offer } = await call(api.POST("/v1/agents/{id}/preview", { ...params, body: { campaignId } }));
    if (!offer) notify(t.none);
  };
  return (
    <Panel title={t.title}>
      <div className={css["body"]}>
        {preview.offer ? (
          <Card offer={preview.offer} agent={agent} campaign={preview.campaigns.find(({ campaignId }) => campaignId === preview.offer?.campaignId)?.campaignName} />
        ) : (
          <>
            <p className={css["muted"]}>{mayLook ? t.choose : t.notNow}</p>
            <div className={css["acts"]}>
              {preview.campaigns.map(({ campaignId, campaignName }) => (
                <Button key={campaignId} disabled={!mayLook || act.isPending} onClick={() => act.mutate(() => next(campaignId))}>{t.next(campaignName)}</Button>
              ))}
            </div>
          </>
        )}
      </div>
    </Panel>
  );
}

function Card({ offer, agent, campaign }: { offer: Offer; agent: Agent; campaign: string | undefined }) {
  const t = useDeskWords().preview;
  const words = useDeskWords();
  const now = useServerNow();
  const act = useAct();
  const before = useCallsWith(offer.phoneNumber).data ?? [];
  const [skipping, setSkipping] = useState(false);
  const params = { params: { path: { id: agent.agentId } } };
  const left = offer.lapsesAt === null ? null : (Date.parse(offer.lapsesAt) - now) / 1000;
  const attributes = Object.entries(offer.attributes ?? {});
  return (
    <>
      <div className={css["card"]}>
        <div className={css["who"]}>
          <strong>{offer.name ?? phone(offer.phoneNumber)}</strong>
          {offer.name && <span>{phone(offer.phoneNumber)}</span>}
          <span className={css["muted"]}>{[campaign, offer.externalId, t.attempts(String(offer.attempts))].filter(Boolean).join(" · ")}</span>
          {left !== null && <span className={css["clock"]} role="timer">{left > 0 ? t.lapsesIn(duration(left)) : t.lapsed}</span>}
        </div>
        {attributes.length > 0 && (
          <dl className={css["attributes"]}>
            {attributes.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} =`}>{String(value)}</dd>])}
          </dl>
        )}
        {before.length > 0 && (
          <div>
            <h3>{words.history}</h3>
            <ul className={css["list"]}>
              {before.map((one) => (
                <li key={one.callId}>
                  {dateTime(one.openedAt)} · {words.direction[one.direction]} · {one.talkSec === null ? (one.outcome ?? "") : duration(one.talkSec)}
                  {one.wrapUpNote && <span className={css["muted"]}> · {one.wrapUpNote}</span>}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
      {offer.acceptedAt !== null && <p role="status">{t.accepted}</p>}
      <div className={css["acts"]}>
        {offer.acceptedAt === null && (
          <Button kind="primary" disabled={agent.state !== "idle" || act.isPending || (left !== null && left <= 0)} onClick={() => act.mutate(async () => notify((await call(api.POST("/v1/agents/{id}/preview/accept", params))).offer?.acceptedAt ? t.called(offer.name ?? phone(offer.phoneNumber)) : t.none))}>{t.call}</Button>
        )}
        <Button disabled={act.isPending} onClick={() => setSkipping(true)}>{t.skip}</Button>
      </div>
      {agent.state !== "idle" && offer.acceptedAt === null && <p className={css["muted"]}>{t.idleFirst}</p>}
      {skipping && (
        <Reason
          title={t.skipWhy}
          reasons={t.skipReasons.split("|")}
          act={t.skip}
          onClose={() => setSkipping(false)}
          onChoose={(reason) => {
            setSkipping(false);
            act.mutate(() => call(api.DELETE("/v1/agents/{id}/preview", { params: { path: { id: agent.agentId }, query: { reason } } })));
          }}
        />
      )}
    </>
  );
}
