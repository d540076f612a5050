import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { matches } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Search } from "../../parts/Search.tsx";
import { useAct, useColleagues, useQueues } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

/** Choose to whom the customer is transferred, or who is consulted first: a colleague, a queue, a number. */
export function Party({ kind, callId, agentId, onClose }: { kind: "transfer" | "consult"; callId: string; agentId: number; onClose: () => void }) {
  const t = useDeskWords();
  const act = useAct();
  const colleagues = useColleagues(agentId).data ?? [];
  const queues = useQueues().data?.data ?? [];
  const [sought, setSought] = useState("");
  const [number, setNumber] = useState("");
  const params = { params: { path: { callId } } };
  const send = (to: { agentId: number } | { queueId: number } | { number: string }) => {
    onClose();
    act.mutate(() =>
      kind === "transfer" ? call(api.POST("/v1/calls/{callId}/transfer", { ...params, body: to })) : call(api.POST("/v1/calls/{callId}/consult", { ...params, body: to })),
    );
  };
  return (
    <Dialog title={t.to[kind]} onClose={onClose}>
      <Search label={t.seek} value={sought} onChange={setSought} />
      <ul className={css["choices"]}>
        {colleagues.filter(({ agentName, state }) => state !== "offline" && matches(agentName, sought)).map((one) => (
          <li key={one.agentId}>
            <Button disabled={one.state !== "idle"} onClick={() => send({ agentId: one.agentId })}>{one.agentName}</Button>
            <Badge tone={one.state === "idle" ? "good" : "quiet"}>{t.states[one.state]}</Badge>
          </li>
        ))}
        {kind === "transfer" && queues.filter(({ callinName }) => matches(callinName, sought)).map((one) => (
          <li key={`queue ${one.callinId}`}>
            <Button onClick={() => send({ queueId: one.callinId })}>{t.queueNamed(one.callinName)}</Button>
          </li>
        ))}
      </ul>
      <form className={css["line"]} onSubmit={(event) => { event.preventDefault(); if (number.trim()) send({ number: number.trim() }); }}>
        <Field label={t.number} value={number} inputMode="tel" onChange={({ target }) => setNumber(target.value)} />
        <Button type="submit" disabled={!number.trim()}>{t.act[kind]}</Button>
      </form>
      <div className={css["ends"]}><Button onClick={onClose}>{t.cancel}</Button></div>
    </Dialog>
  );
}
