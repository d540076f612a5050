import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { components } from "../../api/schema.d.ts";
import { api, call, sendFile } from "../../data/api.ts";
import { date, dateTime, number, phone } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm, Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { usePartWords } from "../../parts/words.ts";
import css from "./dnc.module.css";
import type { List } from "./DoNotCall.tsx";
import { useDncWords } from "./words.ts";

type Added = components["schemas"]["NumbersAdded"];
type Asked = { list: List; sought: string | undefined; cursor: string | undefined; mayAct: boolean; change: (some: { phone?: string | undefined; cursor?: string | undefined }) => void; choice: ReactNode };

/** The numbers of a list, page by page. */
export function Numbers({ list, sought, cursor, mayAct, change, choice }: Asked) {
  const t = useDncWords();
  const parts = usePartWords();
  const client = useQueryClient();
  const path = { dncListId: list.dncListId };
  const query = { size: 50, cursor: cursor ?? "*", ...(sought ? { phoneNumber: sought } : {}) };
  const again = () => client.invalidateQueries({ queryKey: ["do-not-call"] });
  const numbers = useQuery({
    queryKey: ["do-not-call", list.dncListId, query],
    queryFn: async () => (await call(api.GET("/v1/do-not-call/{dncListId}/numbers", { params: { path, query } }))) as components["schemas"]["NumberPage"],
  });
  const [open, setOpen] = useState<"add" | "file" | null>(null);
  const [removed, remove] = useState<string | null>(null);
  const add = async (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim() || null;
    await call(api.POST("/v1/do-not-call/{dncListId}/numbers", { params: { path }, body: { phoneNumber: of("phoneNumber"), reason: of("reason"), expiresAt: of("expiresAt") } as never }));
    notify(t.added(phone(of("phoneNumber"))));
    await again();
  };
  return (
    <Panel title={t.numbersOf(list.name)} more={mayAct && <div className={css["acts"]}><Button kind="small" onClick={() => setOpen("add")}>{t.add}</Button><Button kind="small" onClick={() => setOpen("file")}>{t.importFile}</Button></div>}>
      <div className={css["filters"]}>
        {choice}
        <Form label={t.find} onSubmit={async (values) => change({ phone: String(values.get("phoneNumber")).trim() || undefined, cursor: undefined })} foot={() => <Button kind="small" type="submit">{parts.search}</Button>}>
          <Field label={t.find} name="phoneNumber" inputMode="tel" defaultValue={sought ?? ""} />
        </Form>
      </div>
      <Shown of={numbers}>
        {({ data, nextCursor }) => (
          <Table
            label={t.numbersOf(list.name)}
            rows={data}
            rowKey={({ phoneNumber }) => phoneNumber}
            empty={<Empty title={t.none} />}
            paging={{ cursor, next: nextCursor ?? null, go: (to) => change({ cursor: to }) }}
            columns={[
              { id: "number", title: t.number, cell: ({ phoneNumber }) => phone(phoneNumber) },
              { id: "reason", title: t.reason, cell: ({ reason }) => reason ?? "–" },
              { id: "expires", title: t.expires, cell: ({ expiresAt }) => (expiresAt ? dateTime(expiresAt) : t.never) },
              { id: "added", title: t.addedAt, cell: ({ createdAt }) => date(createdAt) },
              { id: "acts", title: "", end: true, cell: ({ phoneNumber }) => mayAct && <Button kind="small danger" aria-label={`${t.remove}: ${phone(phoneNumber)}`} onClick={() => remove(phoneNumber)}>{t.remove}</Button> },
            ]}
          />
        )}
      </Shown>
      {open === "add" && (
        <FormDialog title={t.add} act={t.add} onSubmit={add} onClose={() => setOpen(null)}>
          <Field label={t.number} name="phoneNumber" required inputMode="tel" hint={t.anyForm} autoFocus />
          <Field label={t.reason} name="reason" maxLength={255} />
          <Field label={t.until} name="expiresAt" type="date" hint={t.untilHint} />
        </FormDialog>
      )}
      {open === "file" && <FileDialog list={list} onDone={again} onClose={() => setOpen(null)} />}
      {removed && (
        <Confirm
          title={t.removeNumber(phone(removed))} act={t.remove} danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/do-not-call/{dncListId}/numbers/{phoneNumber}", { params: { path: { ...path, phoneNumber: removed } } }));
            notify(t.removed(phone(removed)));
            await again();
          }}
          onClose={() => remove(null)}
        />
      )}
    </Panel>
  );
}

const TYPES: Record<string, string> = { xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ndjson: "application/x-ndjson", jsonl: "application/x-ndjson" };

function FileDialog({ list, onDone, onClose }: { list: List; onDone: () => Promise<void>; onClose: () => void }) {
  const t = useDncWords();
  const parts = usePartWords();
  const [sent, setSent] = useState<number | null>(null);
  const [added, setAdded] = useState<Added | null>(null);
  const send = async (values: FormData) => {
    const file = values.get("file") as File;
    const type = TYPES[file.name.split(".").at(-1)!.toLowerCase()] ?? "text/csv";
    setSent(0);
    try {
      setAdded(await sendFile<Added>("POST", `/v1/do-not-call/${list.dncListId}/numbers`, file, type, setSent));
      await onDone();
    } finally {
      setSent(null);
    }
  };
  return (
    <Dialog title={t.importFile} onClose={onClose}>
      <Form onSubmit={send} foot={(busy) => <div className={css["acts"]}><Button onClick={onClose}>{parts.close}</Button><Button type="submit" kind="primary" disabled={busy}>{t.send}</Button></div>}>
        <Field label={t.file} name="file" type="file" required accept=".csv,.txt,.tsv,.xlsx,.ndjson,.jsonl" />
        {sent !== null && <progress className={css["bar"]} aria-label={t.sent} max={1} value={sent} />}
        <div role="status">
          {added && <p>{t.outcome(number(added.added), number(added.updated), number(added.failed))}</p>}
          {added?.detected?.notes?.map((note) => <p key={note}>{note}</p>)}
        </div>
        {added && added.errors.length > 0 && (
          <Table label={t.refused} rows={added.errors} rowKey={({ row }) => row} columns={[
            { id: "row", title: t.row, end: true, cell: ({ row }) => number(row) },
            { id: "number", title: t.number, cell: ({ phoneNumber }) => phoneNumber ?? "–" },
            { id: "fault", title: t.fault, cell: ({ reason }) => reason },
          ]} />
        )}
      </Form>
    </Dialog>
  );
}
