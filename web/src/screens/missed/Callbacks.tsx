import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { useSession } from "../../data/session.ts";
import { dateTime, number, phone } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import { CALLBACK_STATES, useCallbacks, useListFilters, useNames, type Callback } from "./data.ts";
import css from "./missed.module.css";
import { Options } from "./Options.tsx";
import { useMissedWords } from "./words.ts";

const TONES: Record<Callback["state"], Tone> = {
  pending: "warn", calling: "info", done: "good", failed: "bad", expired: "bad", cancelled: "quiet", replaced: "quiet", forbidden: "bad",
};

/** The callbacks of queues: those that wait, and what came of the others. */
export function Callbacks() {
  const t = useMissedWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const { filters, change, set } = useListFilters(CALLBACK_STATES);
  const callbacks = useCallbacks(filters);
  const names = useNames();
  const [cancelled, cancel] = useState<Callback | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ["callbacks"] });
  const of = ({ callbackId }: Callback) => ({ params: { path: { callbackId } } });
  const callNow = async (row: Callback) => {
    try {
      await call(api.PATCH("/v1/callbacks/{callbackId}", { ...of(row), body: { dueAt: new Date(serverNow()).toISOString() } as never }));
      notify(t.called(phone(row.phoneNumber)));
    } catch (error) {
      notifyFailure(error);
    }
    await again();
  };
  const keptFor = ({ agentId, agentUntil }: Callback) => {
    if (agentId === null) return t.anyAgent;
    return agentUntil ? t.keptUntil(names.agent(agentId), dateTime(agentUntil)) : names.agent(agentId);
  };
  const columns: Column<Callback>[] = [
    { id: "number", title: t.number, cell: ({ phoneNumber, callId, fromCall }) => {
      const shown = callId ?? fromCall;
      return shown ? <Link to="/calls/$callId" params={{ callId: shown } as never}>{phone(phoneNumber)}</Link> : phone(phoneNumber);
    } },
    { id: "queue", title: t.queue, cell: ({ queueId }) => names.queue(queueId) },
    { id: "due", title: t.due, cell: ({ dueAt }) => dateTime(dueAt) },
    { id: "agent", title: t.agent, cell: keptFor },
    { id: "tries", title: t.tries, end: true, cell: ({ tries }) => number(tries) },
    { id: "source", title: t.source, cell: ({ source }) => t.sources[source] },
    { id: "state", title: t.state, cell: ({ state }) => <Badge tone={TONES[state]}>{t.callbackStates[state]}</Badge> },
    { id: "note", title: t.note, cell: ({ note }) => <span className={css["note"]}>{note ?? ""}</span> },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (row) => row.state === "pending" && (
      <div className={css["acts"]}>
        {Date.parse(row.dueAt) > serverNow() && <Button kind="small" aria-label={`${t.callNow}: ${phone(row.phoneNumber)}`} onClick={() => void callNow(row)}>{t.callNow}</Button>}
        <Button kind="small danger" aria-label={`${t.cancel}: ${phone(row.phoneNumber)}`} onClick={() => cancel(row)}>{t.cancel}</Button>
      </div>
    ) });
  return (
    <Panel title={t.tabs.callbacks}>
      <div className={css["filters"]}>
        <Select label={t.state} value={filters.state ?? ""} onChange={({ target }) => set({ state: (target.value || undefined) as Callback["state"] | undefined })}>
          <Options none={t.any} of={CALLBACK_STATES.map((state) => [state, t.callbackStates[state]] as const)} />
        </Select>
        <Select label={t.queue} value={filters.queue ?? ""} onChange={({ target }) => set({ queue: target.value || undefined })}><Options none={t.any} of={names.queues} /></Select>
        <Select label={t.agent} value={filters.agent ?? ""} onChange={({ target }) => set({ agent: target.value || undefined })}><Options none={t.any} of={names.agents} /></Select>
        <Field label={t.from} type="date" value={filters.from ?? ""} onChange={({ target }) => set({ from: target.value || undefined })} />
        <Field label={t.to} type="date" value={filters.to ?? ""} onChange={({ target }) => set({ to: target.value || undefined })} />
      </div>
      <Shown of={callbacks}>
        {({ data, nextCursor, totalRecord }) => (
          <Table
            label={t.tabs.callbacks}
            rows={data}
            rowKey={({ callbackId }) => callbackId}
            empty={<Empty title={t.noCallbacks} />}
            paging={{ total: totalRecord, cursor: filters.cursor, next: nextCursor ?? null, go: (cursor) => change({ cursor }) }}
            columns={columns}
          />
        )}
      </Shown>
      {cancelled && (
        <Confirm
          title={t.cancelAsked(phone(cancelled.phoneNumber))}
          act={t.cancel}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/callbacks/{callbackId}", of(cancelled)));
            notify(t.cancelled);
            await again();
          }}
          onClose={() => cancel(null)}
        />
      )}
    </Panel>
  );
}
