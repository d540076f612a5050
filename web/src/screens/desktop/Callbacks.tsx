import { api, call } from "../../data/api.ts";
import { dateTime, phone } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { useAct, useCallbacks } from "./data.ts";
import { useDeskWords } from "./words.ts";

/** Callbacks that are kept for this agent. */
export function Callbacks({ agentId }: { agentId: number }) {
  const t = useDeskWords();
  const heard = useCallbacks(agentId).data;
  const act = useAct();
  return (
    <Panel title={t.callbacks}>
      {heard ? (
        <Table
          label={t.callbacks}
          rows={heard.data.data}
          rowKey={({ callbackId }) => callbackId}
          empty={<Empty title={t.noCallbacks} />}
          columns={[
            { id: "number", title: t.number, cell: ({ phoneNumber }) => phone(phoneNumber) },
            { id: "due", title: t.due, by: ({ dueAt }) => dueAt, cell: ({ dueAt }) => dateTime(dueAt) },
            { id: "note", title: t.note, cell: ({ note }) => note ?? "" },
            { id: "acts", title: "", end: true, cell: ({ callbackId, phoneNumber }) => (
              <Button kind="small" disabled={act.isPending} aria-label={`${t.cancel}: ${phoneNumber}`} onClick={() => act.mutate(() => call(api.DELETE("/v1/callbacks/{callbackId}", { params: { path: { callbackId } } })))}>{t.cancel}</Button>
            ) },
          ]}
        />
      ) : (
        <Loading />
      )}
    </Panel>
  );
}
