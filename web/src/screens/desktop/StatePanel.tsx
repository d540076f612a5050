import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { age, STALE_S, type Heard } from "../../data/stream.ts";
import { duration } from "../../format/format.ts";
import { AGENT_TONES } from "../../parts/agentTones.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Reason, usePauseReasons } from "../../parts/Reason.tsx";
import { stateActs, type StateAct } from "./acts.ts";
import { useAct, type Agent } from "./data.ts";
import css from "./desk.module.css";
import { usePhone } from "./PhonePanel.tsx";
import { blocks } from "./phone/status.ts";
import { useDeskWords } from "./words.ts";

/** The agent's state, since when, what it becomes next, and how to change it. */
export function StatePanel({ heard }: { heard: Heard<Agent> }) {
  const t = useDeskWords();
  const now = useServerNow();
  const act = useAct();
  const [pausing, setPausing] = useState(false);
  const reasons = usePauseReasons();
  const agent = heard.data;
  const waits = blocks(usePhone().status);
  const params = { params: { path: { id: agent.agentId } } };
  const inCall = agent.callId !== null;
  const old = age(heard.readAt) > STALE_S; // a page that wakes knows the state in which it fell asleep

  const send: Record<StateAct, () => void> = {
    signIn: () => act.mutate(() => call(api.POST("/v1/agents/{id}/sign-in", params))),
    signOut: () => act.mutate(() => call(api.POST("/v1/agents/{id}/sign-out", params))),
    ready: () => act.mutate(() => call(api.POST("/v1/agents/{id}/ready", params))),
    stay: () => act.mutate(() => call(api.POST("/v1/agents/{id}/next-state", { ...params, body: { state: "idle" } }))),
    pause: () => setPausing(true),
  };
  return (
    <Panel title={t.myState} live heard={heard}>
      <div className={css["body"]}>
        <div className={css["state"]} role="status" aria-live="polite">
          <Badge tone={old ? "quiet" : AGENT_TONES[agent.state]}>{old ? t.notKnown : t.states[agent.state]}</Badge>
          {agent.pauseReason && <span>{t.because(agent.pauseReason === "no_answer" ? t.unanswered : agent.pauseReason)}</span>}
          {agent.nextState && <span className={css["next"]}>{t.next(t.states[agent.nextState])}</span>}
        </div>
        {old && <p>{t.wasKnown(t.states[agent.state])}</p>}
        <p className={css["since"]}>{t.since(duration((now - Date.parse(agent.stateSince)) / 1000))}</p>
        {agent.wrapUpUntil && <p className={css["since"]}>{t.wrapUpEnds(duration((Date.parse(agent.wrapUpUntil) - now) / 1000))}</p>}
        {agent.wrapUpCodeNeeded && <p>{t.codeNeeded}</p>}
        {agent.state === "offline" && agent.offlineReason && agent.offlineReason !== "signed_out" && <p className={css["wrong"]}>{t.offline[agent.offlineReason]}</p>}
        {agent.state === "calling" && <p>{t.pickUp}</p>}
        {agent.state === "alerting" && <p role="alert">{t.ringing}</p>}
        {!agent.phoneReachable && agent.state !== "offline" && <p className={css["wrong"]}>{t.unreachable}</p>}
        {agent.busyElsewhere && <p>{t.busyElsewhere}</p>}
        {waits && <p>{t.phone.first}</p>}
        <div className={css["acts"]}>
          {stateActs(agent).map((one) => (
            <Button key={one} kind={one === "signIn" || one === "ready" ? "primary" : ""} disabled={act.isPending || (waits && (one === "signIn" || one === "ready"))} onClick={send[one]}>
              {one === "pause" && inCall ? t.pauseAfter : one === "signOut" && inCall ? t.signOutAfter : t.act[one]}
            </Button>
          ))}
        </div>
      </div>
      {pausing && (
        <Reason
          title={t.pauseWhy}
          reasons={reasons}
          act={t.act.pause}
          onClose={() => setPausing(false)}
          onChoose={(reason) => {
            setPausing(false);
            act.mutate(() => call(api.POST("/v1/agents/{id}/pause", { ...params, body: { reason } })));
          }}
        />
      )}
    </Panel>
  );
}
