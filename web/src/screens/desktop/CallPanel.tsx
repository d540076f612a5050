import { useMemo, useState } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { dateTime, duration, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { useShortcuts } from "../../parts/shortcuts.ts";
import { Empty, Loading } from "../../parts/states.tsx";
import { guest, hears, talkedSince } from "./acts.ts";
import { useAct, useCall, useColleagues, useContact, useHistory, useQueues, type Agent, type Call } from "./data.ts";
import css from "./desk.module.css";
import { Keypad } from "./Keypad.tsx";
import { Party } from "./Party.tsx";
import { useDeskWords } from "./words.ts";
import { WrapUp } from "./WrapUp.tsx";

/** Who the agent talks with, what may be done in the call, and its wrap-up. */
export function CallPanel({ agent, callId }: { agent: Agent; callId: string | null }) {
  const t = useDeskWords();
  const heard = useCall(callId);
  return (
    <Panel title={t.call} live={agent.callId !== null} heard={heard}>
      {callId === null ? (
        <Empty title={t.noCall}>{agent.state === "idle" ? t.noCallText : undefined}</Empty>
      ) : heard ? (
        <div className={css["body"]}>
          <Card of={heard.data} agentId={agent.agentId} />
          {agent.callId === callId && !guest(heard.data, agent.agentId) && <Acts of={heard.data} agentId={agent.agentId} />}
          {((agent.state === "talking" && !guest(heard.data, agent.agentId)) || agent.state === "wrap_up") && <WrapUp key={callId} of={heard.data} inWrapUp={agent.state === "wrap_up"} agentId={agent.agentId} />}
          <History of={heard.data} />
        </div>
      ) : (
        <Loading />
      )}
    </Panel>
  );
}

function Card({ of, agentId }: { of: Call; agentId: number }) {
  const t = useDeskWords();
  const now = useServerNow();
  const contact = useContact(of).data;
  const queue = useQueues().data?.data.find(({ callinId }) => callinId === of.queueId);
  const { held, muted, conference, consulting, live } = hears(of);
  const attributes = Object.entries(contact?.attributes ?? {});
  const asGuest = guest(of, agentId);
  const others = of.parties.filter((party) => party.agentId === null || (party.agentId !== of.agentId && party.agentId !== agentId));
  return (
    <div className={css["card"]}>
      <div className={css["who"]}>
        <strong>{contact?.name ?? (of.phoneNumber ? phone(of.phoneNumber) : t.withheld)}</strong>
        {contact?.name && <span>{phone(of.phoneNumber)}</span>}
        <span className={css["muted"]}>{t.direction[of.direction]}{queue ? ` · ${queue.callinName}` : ""}</span>
        {live && of.answeredAt && <span className={css["clock"]}>{duration((now - Date.parse(of.answeredAt)) / 1000)}</span>}
      </div>
      <div className={css["acts"]}>
        {held && <Badge tone="warn">{t.onHold(duration((Date.parse(of.heldUntil!) - now) / 1000))}</Badge>}
        {muted && <Badge tone="warn">{t.youAreMuted}</Badge>}
        {consulting && asGuest === null && <Badge tone="info">{t.consulting}</Badge>}
        {asGuest === "asked" && <Badge tone="info">{t.asked}</Badge>}
        {conference && <Badge tone="info">{t.conference}</Badge>}
      </div>
      {asGuest && <p>{t.guest[asGuest]}</p>}
      {others.length > 0 && <Parties of={others} agentId={agentId} />}
      {attributes.length > 0 && (
        <dl className={css["attributes"]}>
          {attributes.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} =`}>{String(value)}</dd>])}
        </dl>
      )}
    </div>
  );
}

function Parties({ of, agentId }: { of: Call["parties"]; agentId: number }) {
  const t = useDeskWords();
  const colleagues = useColleagues(agentId).data ?? [];
  const nameOf = (party: Call["parties"][number]) => colleagues.find((one) => one.agentId === party.agentId)?.agentName ?? phone(party.target);
  return of.map((party) => <p key={party.calledAt}>{t.partyIs(nameOf(party), t.partyStates[party.state])}</p>);
}

type Asked = "transfer" | "consult" | "keypad" | "hangUp" | null;

function Acts({ of, agentId }: { of: Call; agentId: number }) {
  const t = useDeskWords();
  const act = useAct();
  const [asked, ask] = useState<Asked>(null);
  const { held, muted, consulting, conference, live } = hears(of);
  const talks = live && talkedSince(of, agentId) !== null;
  const params = useMemo(() => ({ params: { path: { callId: of.callId } } }), [of.callId]);
  const { mutate, isPending } = act;
  const hold = useMemo(
    () => () => mutate(() => (held ? call(api.POST("/v1/calls/{callId}/resume", params)) : call(api.POST("/v1/calls/{callId}/hold", { ...params, body: {} })))),
    [held, mutate, params],
  );
  const mute = useMemo(
    () => () => mutate(() => (muted ? call(api.POST("/v1/calls/{callId}/unmute", params)) : call(api.POST("/v1/calls/{callId}/mute", params)))),
    [muted, mutate, params],
  );
  useShortcuts(
    useMemo(
      () =>
        talks && !consulting && asked === null
          ? [
              { key: "h", does: t.keys.hold, run: hold },
              { key: "m", does: t.keys.mute, run: mute },
              { key: "t", does: t.keys.transfer, run: () => ask("transfer") },
              { key: "k", does: t.keys.keypad, run: () => ask("keypad") },
            ]
          : [],
      [talks, consulting, asked, t, hold, mute],
    ),
  );
  if (!live) return <p className={css["muted"]}>{t.connecting}</p>;
  if (consulting || conference) {
    return (
      <div className={css["acts"]}>
        {consulting && <Button kind="primary" disabled={isPending} onClick={() => mutate(() => call(api.POST("/v1/calls/{callId}/consult/complete", params)))}>{t.act.complete}</Button>}
        {consulting && <Button disabled={isPending} onClick={() => mutate(() => call(api.POST("/v1/calls/{callId}/conference", params)))}>{t.act.conference}</Button>}
        <Button disabled={isPending} onClick={() => mutate(() => call(api.POST("/v1/calls/{callId}/consult/cancel", params)))}>{t.act.cancelConsult}</Button>
        <Button kind="danger" onClick={() => ask("hangUp")}>{t.act.hangUp}</Button>
        {asked === "hangUp" && <HangUp callId={of.callId} onClose={() => ask(null)} />}
      </div>
    );
  }
  return (
    <>
      <div className={css["acts"]}>
        <Button disabled={isPending} aria-pressed={held} onClick={hold}>{held ? t.act.resume : t.act.hold}</Button>
        <Button disabled={isPending} aria-pressed={muted} onClick={mute}>{muted ? t.act.unmute : t.act.mute}</Button>
        <Button onClick={() => ask("keypad")}>{t.act.keypad}</Button>
        <Button onClick={() => ask("transfer")}>{t.act.transfer}</Button>
        <Button onClick={() => ask("consult")}>{t.act.consult}</Button>
        <Button kind="danger" onClick={() => ask("hangUp")}>{t.act.hangUp}</Button>
      </div>
      {asked === "keypad" && <Keypad callId={of.callId} onClose={() => ask(null)} />}
      {(asked === "transfer" || asked === "consult") && <Party kind={asked} callId={of.callId} agentId={agentId} onClose={() => ask(null)} />}
      {asked === "hangUp" && <HangUp callId={of.callId} onClose={() => ask(null)} />}
    </>
  );
}

function HangUp({ callId, onClose }: { callId: string; onClose: () => void }) {
  const t = useDeskWords();
  return (
    <Confirm
      title={t.hangUpAsked}
      act={t.act.hangUp}
      danger
      onConfirm={() => call(api.POST("/v1/calls/{callId}/hang-up", { params: { path: { callId } } }))}
      onClose={onClose}
    />
  );
}

function History({ of }: { of: Call }) {
  const t = useDeskWords();
  const before = useHistory(of).data?.filter(({ callId }) => callId !== of.callId) ?? [];
  if (!before.length) return null;
  return (
    <div>
      <h3>{t.history}</h3>
      <ul className={css["list"]}>
        {before.map((one) => (
          <li key={one.callId}>
            {dateTime(one.openedAt)} · {t.direction[one.direction]} · {one.talkSec === null ? (one.outcome ?? "") : duration(one.talkSec)}
            {one.wrapUpNote && <span className={css["muted"]}> · {one.wrapUpNote}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
