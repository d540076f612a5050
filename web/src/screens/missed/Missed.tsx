import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import { useSession } from "../../data/session.ts";
import { dateTime, duration, phone } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import { useOutcomeWords } from "../calls/words.ts";
import { MISSED_STATES, useListFilters, useMissed, useNames, usePending, type Missed as Row } from "./data.ts";
import css from "./missed.module.css";
import { Options } from "./Options.tsx";
import { useMissedWords } from "./words.ts";

const TONES: Record<Row["state"], Tone> = { open: "warn", claimed: "info", served: "good", closed: "quiet" };
type Asked = { what: "assign" | "callBack" | "close"; row: Row };

/** The missed calls, with what a supervisor may do about each. */
export function Missed() {
  const t = useMissedWords();
  const outcomes = useOutcomeWords();
  const now = useServerNow();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const { filters, change, set } = useListFilters(MISSED_STATES);
  const missed = useMissed(filters);
  const pending = usePending().data ?? [];
  const names = useNames();
  const [asked, ask] = useState<Asked | null>(null);
  const numberOf = ({ phoneNumber }: Row) => (phoneNumber ? phone(phoneNumber) : t.withheld);
  const isPending = (row: Row) => row.phoneNumber !== "" && pending.some(({ queueId, phoneNumber }) => queueId === row.queueId && phoneNumber === row.phoneNumber);
  const again = () => Promise.all([client.invalidateQueries({ queryKey: ["missed"] }), client.invalidateQueries({ queryKey: ["callbacks"] })]);
  const of = ({ callId }: Row) => ({ params: { path: { callId } } });
  const release = async (row: Row) => {
    try {
      await call(api.POST("/v1/missed-calls/{callId}/release", of(row)));
      notify(t.released);
    } catch (error) {
      notifyFailure(error);
    }
    await again();
  };
  const columns: Column<Row>[] = [
    { id: "number", title: t.number, cell: (row) => <Link to="/calls/$callId" params={{ callId: row.callId } as never}>{numberOf(row)}</Link> },
    { id: "queue", title: t.queue, cell: ({ queueId }) => names.queue(queueId) },
    { id: "at", title: t.at, cell: ({ openedAt }) => dateTime(openedAt) },
    { id: "how", title: t.how, cell: ({ outcome }) => outcomes[outcome as keyof typeof outcomes] },
    { id: "waited", title: t.waited, end: true, cell: ({ waitSec }) => duration(waitSec) },
    { id: "state", title: t.state, cell: (row) => (
      <span className={css["line"]}>
        <Badge tone={TONES[row.state]}>{t.missedStates[row.state]}</Badge>
        {row.state === "claimed" && row.agentId !== null && <span>{t.lapsesIn(names.agent(row.agentId), duration((Date.parse(row.claimedUntil!) - now) / 1000))}</span>}
        {row.state === "served" && row.servedBy && <Link to="/calls/$callId" params={{ callId: row.servedBy } as never}>{t.served}</Link>}
        {(row.state === "open" || row.state === "claimed") && isPending(row) && <Badge tone="info">{t.pending}</Badge>}
      </span>
    ) },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (row) => (row.state === "open" || row.state === "claimed") && (
      <div className={css["acts"]}>
        {row.state === "open" && <Button kind="small" aria-label={`${t.assign}: ${numberOf(row)}`} onClick={() => ask({ what: "assign", row })}>{t.assign}</Button>}
        {row.state === "claimed" && <Button kind="small" aria-label={`${t.release}: ${numberOf(row)}`} onClick={() => void release(row)}>{t.release}</Button>}
        {row.phoneNumber !== "" && !isPending(row) && <Button kind="small" aria-label={`${t.callBack}: ${numberOf(row)}`} onClick={() => ask({ what: "callBack", row })}>{t.callBack}</Button>}
        <Button kind="small" aria-label={`${t.close}: ${numberOf(row)}`} onClick={() => ask({ what: "close", row })}>{t.close}</Button>
      </div>
    ) });
  const assign = async (row: Row, values: FormData) => {
    const agentId = Number(values.get("agentId"));
    await call(api.POST("/v1/missed-calls/{callId}/claim", { ...of(row), body: { agentId } }));
    notify(t.assigned(names.agent(agentId)));
    await again();
  };
  const callBack = async ({ queueId, phoneNumber }: Row, values: FormData) => {
    const agentId = Number(values.get("agentId")) || null;
    await call(api.POST("/v1/callbacks", { body: { queueId, phoneNumber, agentId } }));
    notify(t.called(phone(phoneNumber)));
    await again();
  };
  const close = async (row: Row) => {
    await call(api.POST("/v1/missed-calls/{callId}/close", of(row)));
    notify(t.closed);
    await again();
  };
  return (
    <Panel title={t.tabs.missed}>
      <div className={css["filters"]}>
        <Select label={t.state} value={filters.state ?? ""} onChange={({ target }) => set({ state: (target.value || undefined) as Row["state"] | undefined })}>
          <Options none={t.any} of={MISSED_STATES.map((state) => [state, t.missedStates[state]] as const)} />
        </Select>
        <Select label={t.queue} value={filters.queue ?? ""} onChange={({ target }) => set({ queue: target.value || undefined })}><Options none={t.any} of={names.queues} /></Select>
        <Field label={t.from} type="date" value={filters.from ?? ""} onChange={({ target }) => set({ from: target.value || undefined })} />
        <Field label={t.to} type="date" value={filters.to ?? ""} onChange={({ target }) => set({ to: target.value || undefined })} />
      </div>
      <Shown of={missed}>
        {({ data, nextCursor, totalRecord }) => (
          <Table
            label={t.tabs.missed}
            rows={data}
            rowKey={({ callId }) => callId}
            empty={<Empty title={t.noMissed} />}
            paging={{ total: totalRecord, cursor: filters.cursor, next: nextCursor ?? null, go: (cursor) => change({ cursor }) }}
            columns={columns}
          />
        )}
      </Shown>
      {asked?.what === "assign" && (
        <FormDialog title={t.assignTo(numberOf(asked.row))} act={t.assign} onSubmit={(values) => assign(asked.row, values)} onClose={() => ask(null)}>
          <Select label={t.agent} name="agentId" required><Options of={names.agents} /></Select>
        </FormDialog>
      )}
      {asked?.what === "callBack" && (
        <FormDialog title={t.callBackTo(numberOf(asked.row))} act={t.callBack} onSubmit={(values) => callBack(asked.row, values)} onClose={() => ask(null)}>
          <p>{t.callBackText}</p>
          <Select label={t.agent} name="agentId" defaultValue={asked.row.agentId ?? ""}><Options none={t.anyAgent} of={names.agents} /></Select>
        </FormDialog>
      )}
      {asked?.what === "close" && <Confirm title={t.closeAsked(numberOf(asked.row))} text={t.closeText} act={t.close} danger onConfirm={() => close(asked.row)} onClose={() => ask(null)} />}
    </Panel>
  );
}
