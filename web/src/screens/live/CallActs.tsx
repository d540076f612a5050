import { useState, type FormEvent } from "react";
import { api, call } from "../../data/api.ts";
import { useTopic, type Topics } from "../../data/stream.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { notify } from "../../parts/toast.tsx";
import { usePartWords } from "../../parts/words.ts";
import { keepJoined } from "./joined.ts";
import css from "./live.module.css";
import { useLiveWords } from "./words.ts";

type Agent = Topics["agents"][number];
const JOINING = ["listen", "whisper", "barge", "takeOver", "leave"] as const;
type Joining = (typeof JOINING)[number];

const KEPT = "tongdai.phone";
/** The phone that this supervisor named last, on this browser. */
const kept = () => localStorage.getItem(KEPT) ?? "";

function join(act: Joining, callId: string, endpoint: string): Promise<unknown> {
  const sent = { params: { path: { callId } }, body: { endpoint } };
  switch (act) {
    case "listen":
      return call(api.POST("/v1/calls/{callId}/listen", sent));
    case "whisper":
      return call(api.POST("/v1/calls/{callId}/whisper", sent));
    case "barge":
      return call(api.POST("/v1/calls/{callId}/barge", sent));
    case "takeOver":
      return call(api.POST("/v1/calls/{callId}/take-over", sent));
    case "leave":
      return call(api.POST("/v1/calls/{callId}/leave", sent));
  }
}

/** What a supervisor may do with the call of an agent. It stays that call, whomever the agent talks with meanwhile. */
export function CallActs({ agent, callId, onClose }: { agent: Agent; callId: string; onClose: () => void }) {
  const t = useLiveWords();
  const parts = usePartWords();
  const queues = useTopic("queues")?.data.queues ?? [];
  const [phone, setPhone] = useState(kept);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [said, say] = useState("");
  const act = async (does: () => Promise<unknown>, word: string, closes: boolean) => {
    setBusy(true);
    setFailed(null);
    say("");
    try {
      await does();
      if (closes) {
        notify(t.done(word, agent.agentName));
        onClose();
      } else say(t.done(word, agent.agentName)); // what is told outside is behind the dialog
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const joins = (one: Joining) => {
    localStorage.setItem(KEPT, phone.trim());
    const joins = () => join(one, callId, phone.trim()).then(() => keepJoined(one === "leave" ? null : { callId, name: agent.agentName }));
    return act(joins, t.joins[one], false);
  };
  const move = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const queueId = Number(new FormData(event.currentTarget).get("queue"));
    void act(() => call(api.POST("/v1/calls/{callId}/transfer", { params: { path: { callId } }, body: { queueId, agentId: null, number: null } })), t.move, true);
  };
  return (
    <Dialog title={t.callOf(agent.agentName)} onClose={onClose}>
      <p role="status">{said}</p>
      {failed && <p role="alert" className={css["refused"]}>{failed}</p>}
      <Field label={t.phone} hint={t.phoneHint} value={phone} autoFocus onChange={(event) => setPhone(event.target.value)} />
      <div className={css["joins"]}>
        {JOINING.map((one) => <Button key={one} disabled={busy || !phone.trim()} onClick={() => void joins(one)}>{t.joins[one]}</Button>)}
      </div>
      <form className={css["move"]} onSubmit={move}>
        <Select label={t.moveTo} name="queue">{queues.map(({ callinId, callinName }) => <option key={callinId} value={callinId}>{callinName}</option>)}</Select>
        <Button type="submit" disabled={busy || !queues.length}>{t.move}</Button>
      </form>
      <div className={css["ends"]}>
        <Button kind="danger" disabled={busy} onClick={() => void act(() => call(api.POST("/v1/calls/{callId}/hang-up", { params: { path: { callId } } })), t.end, true)}>{t.end}</Button>
        <Button onClick={onClose}>{parts.close}</Button>
      </div>
    </Dialog>
  );
}
