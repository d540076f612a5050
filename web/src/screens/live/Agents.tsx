import { useEffect, useState } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { useSession } from "../../data/session.ts";
import { useTopic, type Topics } from "../../data/stream.ts";
import { duration, matches } from "../../format/format.ts";
import { AGENT_TONES } from "../../parts/agentTones.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Reason, usePauseReasons } from "../../parts/Reason.tsx";
import { Search } from "../../parts/Search.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import { CallActs } from "./CallActs.tsx";
import { joined, joinedBefore, keepJoined } from "./joined.ts";
import css from "./live.module.css";
import { useLiveWords } from "./words.ts";

type Agent = Topics["agents"][number];
type Act = "ready" | "pause" | "signOut" | "release";

/** The acts that a supervisor has for an agent in a state. */
export function actsFor(state: Agent["state"]): Act[] {
  if (state === "offline") return [];
  if (state === "hanging_up" || state === "calling") return ["release"];
  if (state === "unreachable") return ["ready", "signOut", "release"];
  if (state === "paused" || state === "wrap_up") return ["ready", "signOut"];
  return ["pause", "signOut"];
}

function done(act: Act, id: number, reason: string): Promise<unknown> {
  const params = { params: { path: { id } } };
  switch (act) {
    case "ready":
      return call(api.POST("/v1/agents/{id}/force-ready", params));
    case "pause":
      return call(api.POST("/v1/agents/{id}/force-pause", { ...params, body: { reason } }));
    case "signOut":
      return call(api.POST("/v1/agents/{id}/force-sign-out", params));
    case "release":
      return call(api.POST("/v1/agents/{id}/release", params));
  }
}

export function Agents({ sought, onSearch }: { sought: string; onSearch: (text: string) => void }) {
  const t = useLiveWords();
  const heard = useTopic("agents");
  const now = useServerNow();
  const mayAct = useSession().user.role !== "viewer";
  const [asked, ask] = useState<{ act: Act; agent: Agent } | null>(null);
  const reasons = usePauseReasons();
  const [calling, open] = useState<{ agent: Agent; callId: string } | null>(null);
  useEffect(() => {
    const cut = joinedBefore();
    if (cut) notifyFailure(t.joinedBefore(cut.name));
  }, [t]);
  useEffect(() => {
    const followed = joined();
    if (heard && followed && !heard.data.some(({ callId }) => callId === followed.callId)) keepJoined(null);
  }, [heard]);
  const rows = heard?.data.filter(({ agentName }) => matches(agentName, sought)) ?? [];
  const act = async ({ act: what, agent }: { act: Act; agent: Agent }, reason = t.supervisor) => {
    await done(what, agent.agentId, reason);
    notify(t.done(t.act[what], agent.agentName));
  };
  const since = ({ stateSince }: Agent) => (now - Date.parse(stateSince)) / 1000;
  return (
    <Panel title={t.agents} live heard={heard} more={<div className={css["search"]}><Search label={t.search} value={sought} onChange={onSearch} /></div>}>
      {heard ? (
        <Table
          label={t.agents}
          rows={rows}
          rowKey={({ agentId }) => agentId}
          empty={<Empty title={t.noAgents} />}
          columns={[
            { id: "name", title: t.agent, by: ({ agentName }) => agentName, cell: ({ agentName }) => agentName },
            { id: "state", title: t.state, by: ({ state }) => t.states[state], cell: ({ state }) => <Badge tone={AGENT_TONES[state]}>{t.states[state]}</Badge> },
            { id: "since", title: t.since, end: true, by: since, cell: (agent) => duration(since(agent)) },
            { id: "reason", title: t.reason, cell: ({ pauseReason }) => pauseReason ?? "" },
            ...(mayAct
              ? [{ id: "acts", title: "", end: true, cell: (agent: Agent) => (
                  <div className={css["acts"]}>
                    {agent.state === "talking" && agent.callId && (
                      <Button kind="small" aria-label={t.callOf(agent.agentName)} onClick={() => open({ agent, callId: agent.callId! })}>{t.call}</Button>
                    )}
                    {actsFor(agent.state).map((act) => (
                      <Button key={act} kind="small" aria-label={`${t.act[act]}: ${agent.agentName}`} onClick={() => ask({ act, agent })}>{t.act[act]}</Button>
                    ))}
                  </div>
                ) }]
              : []),
          ]}
        />
      ) : (
        <Loading />
      )}
      {calling && <CallActs {...calling} onClose={() => open(null)} />}
      {asked?.act === "pause" && (
        <Reason
          title={t.asked.pause(asked.agent.agentName)}
          reasons={[t.supervisor, ...reasons]}
          act={t.act.pause}
          onClose={() => ask(null)}
          onChoose={(reason) => {
            ask(null);
            void act(asked, reason).catch(notifyFailure);
          }}
        />
      )}
      {asked && asked.act !== "pause" && (
        <Confirm
          title={t.asked[asked.act](asked.agent.agentName)}
          text={asked.act === "signOut" ? t.signOutText : asked.act === "release" ? t.releaseText : undefined}
          act={t.act[asked.act]}
          danger={asked.act === "signOut" || asked.act === "release"}
          onConfirm={() => act(asked)}
          onClose={() => ask(null)}
        />
      )}
    </Panel>
  );
}
