import { useKeepsPage } from "../../data/build.ts";
import { useTopic, type Heard } from "../../data/stream.ts";
import { Empty, Loading } from "../../parts/states.tsx";
import { Page } from "../../shell/Page.tsx";
import { CallPanel } from "./CallPanel.tsx";
import { Callbacks } from "./Callbacks.tsx";
import { useAgentId, useCallId, type Agent } from "./data.ts";
import css from "./desk.module.css";
import { Missed } from "./Missed.tsx";
import { PhonePanel } from "./PhonePanel.tsx";
import { Preview } from "./Preview.tsx";
import { StatePanel } from "./StatePanel.tsx";
import { Today } from "./Today.tsx";
import { useDeskWords } from "./words.ts";

/** An agent's own state and call, and what is left for them to do. */
export default function Desk() {
  const t = useDeskWords();
  const id = useAgentId();
  return <Page title={t.title}>{id === null ? <Empty title={t.noAgent}>{t.noAgentText}</Empty> : <Of />}</Page>;
}

function Of() {
  const heard = useTopic("me");
  return heard ? <Parts heard={{ data: heard.data.agent, readAt: heard.readAt }} /> : <Loading />;
}

function Parts({ heard }: { heard: Heard<Agent> }) {
  const agent = heard.data;
  const callId = useCallId(agent);
  useKeepsPage(agent.callId !== null);
  return (
    <div className={css["grid"]}>
      <div className={css["column"]}>
        <StatePanel heard={heard} />
        <PhonePanel agent={agent} />
        <CallPanel agent={agent} callId={callId} />
        <Preview agent={agent} />
      </div>
      <div className={css["column"]}>
        <Today agentId={agent.agentId} />
        <Callbacks agentId={agent.agentId} />
        <Missed agentId={agent.agentId} />
      </div>
    </div>
  );
}
