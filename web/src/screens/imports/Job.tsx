import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { components } from "../../api/schema.d.ts";
import { api, call } from "../../data/api.ts";
import { dateTime, number } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import css from "./imports.module.css";
import { beginning, rawByRow } from "./raw.ts";
import { useImportWords } from "./words.ts";

type JobView = components["schemas"]["JobView"];
const POLL_MS = 1_000;
const SHOWN = 20;

function ended({ status }: JobView): boolean {
  return status === "done" || status === "failed";
}

/** A check or an import: its progress, then what came of it. `children` is what can be done next. */
export function Job({ title, id, jobId, children }: { title: string; id: number; jobId: number; children: (job: JobView) => ReactNode }) {
  const t = useImportWords();
  const path = { id, job_id: jobId };
  const job = useQuery({
    queryKey: ["import", id, jobId],
    queryFn: () => call(api.GET("/v1/campaigns/{id}/contacts/import/{job_id}", { params: { path } })),
    refetchInterval: ({ state }) => (state.data && ended(state.data) ? false : POLL_MS),
  });
  return (
    <Panel title={title}>
      <Shown of={job}>
        {(found) => (
          <div className={css["body"]}>
            {found.status === "failed" && <p role="alert" className={css["wrong"]}>{t.wrong}: {found.errorMessage}</p>}
            {!ended(found) && <Progress job={found} />}
            {ended(found) && !found.dryRun && found.status === "done" && <p role="status">{found.undoneAt ? t.undoneAt(dateTime(found.undoneAt)) : t.finished}</p>}
            <Counts job={found} />
            {found.detected && <Detected detected={found.detected} />}
            {ended(found) && <Refused id={id} job={found} />}
            {ended(found) && (
              <div className={css["acts"]}>
                {children(found)}
                {found.failedRows > 0 && <a href={failedRows(id, jobId)} download>{t.download}</a>}
                {!found.dryRun && !found.undoneAt && <Undo id={id} job={found} />}
              </div>
            )}
          </div>
        )}
      </Shown>
    </Panel>
  );
}

function failedRows(id: number, jobId: number): string {
  return `/v1/campaigns/${id}/contacts/import/${jobId}/failed-rows`;
}

function Progress({ job }: { job: JobView }) {
  const t = useImportWords();
  return (
    <div role="status">
      <progress className={css["bar"]} aria-label={t.progress} max={job.totalRows || 1} value={job.processedRows} />
      <p>{t.working} {t.ofRows(number(job.processedRows), number(job.totalRows))}</p>
    </div>
  );
}

function Counts({ job }: { job: JobView }) {
  const t = useImportWords();
  const counts: [string, number][] = [
    [t.rows, job.totalRows], [t.created, job.createdRows], [t.updated, job.updatedRows ?? 0], [t.duplicate, job.duplicateRows], [t.failed, job.failedRows],
    ...(job.undoneAt ? [[t.removed, job.removedRows] as [string, number]] : []),
  ];
  return <dl className={css["figures"]}>{counts.map(([name, count]) => <div key={name}><dt>{name}</dt><dd>{number(count)}</dd></div>)}</dl>;
}

function Detected({ detected }: { detected: NonNullable<JobView["detected"]> }) {
  const t = useImportWords();
  const facts = [
    `${t.format}: ${detected.format}`,
    ...(detected.encoding ? [`${t.encoding}: ${detected.encoding}`] : []),
    ...(detected.separator ? [`${t.separator}: ${detected.separator === "\t" ? t.tab : detected.separator}`] : []),
  ];
  const rows = (detected.tables ?? []).flatMap(({ sheet, columns }) => columns.map((column, at) => ({ ...column, key: `${sheet} ${at}`, sheet })));
  return (
    <>
      <h3>{t.detected}</h3>
      <p>{facts.join(" · ")}</p>
      {detected.encodingDoubt && <p className={css["wrong"]}>{detected.encodingDoubt}</p>}
      {detected.notes?.map((note) => <p key={note} className={css["note"]}>{note}</p>)}
      {detected.leftOut?.map(({ sheet, reason }) => <p key={sheet} className={css["note"]}>{t.leftOut(sheet, reason)}</p>)}
      {rows.length > 0 && (
        <Table
          label={t.detected}
          rows={rows}
          rowKey={({ key }) => key}
          columns={[
            ...(rows.some(({ sheet }) => sheet) ? [{ id: "sheet", title: t.sheet, cell: ({ sheet }: (typeof rows)[number]) => sheet ?? "" }] : []),
            { id: "column", title: t.column, cell: ({ column }) => column },
            { id: "use", title: t.use, cell: ({ use }) => t.uses[use as keyof typeof t.uses] ?? use },
          ]}
        />
      )}
      <p className={css["note"]}>{t.mappingHint}</p>
    </>
  );
}

/** The first refused rows, each with its text in the file and why. */
function Refused({ id, job }: { id: number; job: JobView }) {
  const t = useImportWords();
  const refused = useQuery({
    queryKey: ["import", id, job.jobId, "refused"],
    queryFn: async () => {
      const path = { id, job_id: job.jobId };
      const rows = await call(api.GET("/v1/campaigns/{id}/contacts/import/{job_id}/rows", { params: { path, query: { outcome: "failed", size: SHOWN } } }));
      const { data } = rows as components["schemas"]["RowPage"]; // not the CSV, which must be asked for
      const { text, type } = await beginning(failedRows(id, job.jobId));
      const raw = rawByRow(text, type);
      return data.map((row) => ({ ...row, raw: raw.get(row.row) ?? row.phoneNumber ?? "" }));
    },
    enabled: job.failedRows > 0,
  });
  if (!job.failedRows) return <p>{t.noneRefused}</p>;
  return (
    <>
      <h3>{t.refused}</h3>
      <Shown of={refused}>
        {(rows) => (
          <Table
            label={t.refused}
            rows={rows}
            rowKey={({ row }) => row}
            empty={<Empty title={t.noneRefused} />}
            columns={[
              { id: "row", title: t.row, end: true, cell: ({ row }) => number(row) },
              { id: "raw", title: t.raw, cell: ({ raw }) => <span className={css["raw"]}>{raw}</span> },
              { id: "reason", title: t.reason, cell: ({ reason, reasonCode }) => (reasonCode ? t.reasons[reasonCode] : (reason ?? "")) },
            ]}
          />
        )}
      </Shown>
    </>
  );
}

function Undo({ id, job }: { id: number; job: JobView }) {
  const t = useImportWords();
  const client = useQueryClient();
  const [asked, ask] = useState(false);
  return (
    <>
      <Button kind="danger" onClick={() => ask(true)}>{t.undo}</Button>
      {asked && (
        <Confirm
          title={t.undoAsk}
          text={t.undoText}
          act={t.undo}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/campaigns/{id}/contacts/import/{job_id}", { params: { path: { id, job_id: job.jobId } } }));
            notify(t.undone);
            await client.invalidateQueries({ queryKey: ["import", id] });
          }}
          onClose={() => ask(false)}
        />
      )}
    </>
  );
}
