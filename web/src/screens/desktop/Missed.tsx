import { api, call } from "../../data/api.ts";
import { dateTime, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { useAct, useMissed, useQueues, type Missed as Row } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

/** Callers nobody answered whom nobody sees to yet, and those this agent sees to. */
export function Missed({ agentId }: { agentId: number }) {
  const t = useDeskWords();
  const heard = useMissed().data;
  const queues = useQueues().data?.data ?? [];
  const act = useAct();
  const rows = heard?.data.data.filter((row) => row.state === "open" || (row.state === "claimed" && row.agentId === agentId)) ?? [];
  const of = ({ callId }: Row) => ({ params: { path: { callId } } });
  return (
    <Panel title={t.missed}>
      {heard ? (
        <Table
          label={t.missed}
          rows={rows}
          rowKey={({ callId }) => callId}
          empty={<Empty title={t.noMissed} />}
          columns={[
            { id: "number", title: t.number, cell: ({ phoneNumber }) => phone(phoneNumber) },
            { id: "queue", title: t.queue, cell: ({ queueId }) => queues.find(({ callinId }) => callinId === queueId)?.callinName ?? "" },
            { id: "at", title: t.at, cell: ({ endedAt }) => dateTime(endedAt) },
            { id: "acts", title: "", end: true, cell: (row) => row.state === "open" ? (
              <Button kind="small" disabled={act.isPending} aria-label={`${t.act.claim}: ${row.phoneNumber}`} onClick={() => act.mutate(() => call(api.POST("/v1/missed-calls/{callId}/claim", { ...of(row), body: { agentId } })))}>{t.act.claim}</Button>
            ) : (
              <div className={css["mine"]}>
                <Badge tone="info">{t.yours}</Badge>
                <Button kind="small" disabled={act.isPending} aria-label={`${t.act.callBack}: ${row.phoneNumber}`} onClick={() => act.mutate(() => call(api.POST("/v1/callbacks", { body: { queueId: row.queueId, phoneNumber: row.phoneNumber, agentId } })))}>{t.act.callBack}</Button>
                <Button kind="small" disabled={act.isPending} aria-label={`${t.act.giveBack}: ${row.phoneNumber}`} onClick={() => act.mutate(() => call(api.POST("/v1/missed-calls/{callId}/release", of(row))))}>{t.act.giveBack}</Button>
                <Button kind="small" disabled={act.isPending} aria-label={`${t.act.close}: ${row.phoneNumber}`} onClick={() => act.mutate(() => call(api.POST("/v1/missed-calls/{callId}/close", of(row))))}>{t.act.close}</Button>
              </div>
            ) },
          ]}
        />
      ) : (
        <Loading />
      )}
    </Panel>
  );
}
