import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Drop } from "../../parts/Drop.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Page } from "../../shell/Page.tsx";
import { Columns } from "./Columns.tsx";
import { asked, headings, recall, remember, type Picks } from "./columns.ts";
import css from "./imports.module.css";
import { Job } from "./Job.tsx";
import { useImportWords } from "./words.ts";

const ENCODINGS = ["utf-8", "utf-16", "cp1258", "tcvn3", "vni", "cp1252"] as const;
const HAS_COLUMNS = /\.(csv|txt|tsv|xlsx)$/i;
type Options = { listName: string; onDuplicate: "skip" | "update"; encoding: "" | (typeof ENCODINGS)[number] };

/** From a file to contacts: choose, check without importing, import. The jobs are in the URL, so that a reload keeps them. */
export default function Import() {
  const t = useImportWords();
  const id = Number((useParams({ strict: false }) as { campaignId: string }).campaignId);
  const campaign = useQuery({ queryKey: ["campaigns", id], queryFn: () => call(api.GET("/v1/campaigns/{id}", { params: { path: { id } } })) });
  const [{ checked, job }, change] = useFilters((search) => ({ checked: text(search, "checked"), job: text(search, "job") }));
  const [file, setFile] = useState<File | null>(null);
  const [options, set] = useState<Options>({ listName: "", onDuplicate: "skip", encoding: "" });
  const tenant = useSession().tenant.id;
  const looked = useQuery({
    queryKey: ["import", id, "columns", file && [file.name, file.size, file.lastModified], options.encoding],
    queryFn: async () => {
      const query = options.encoding ? { encoding: options.encoding } : {};
      return call(api.POST("/v1/campaigns/{id}/contacts/bulk/columns", { params: { path: { id }, query }, body: formOf(file!) as never, bodySerializer: (body) => body as never }));
    },
    enabled: file !== null && HAS_COLUMNS.test(file.name),
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  const all = useMemo(() => headings(looked.data?.tables ?? []), [looked.data]);
  const [chosen, choose] = useState<{ of: typeof all; picks: Picks } | null>(null);
  // What is picked is of this look at the file; a file like one before has what was picked for that one.
  const picks = useMemo(() => (chosen?.of === all ? chosen.picks : recall(tenant, all)), [all, chosen, tenant]);
  const send = useMutation({
    mutationFn: async (dryRun: boolean) => {
      const form = formOf(file!);
      const columns = asked(all, picks);
      if (columns) form.append("columns", JSON.stringify(columns));
      if (all.length) remember(tenant, all, picks);
      const query = {
        dry_run: dryRun ? ("true" as const) : ("false" as const),
        onDuplicate: options.onDuplicate,
        ...(options.listName.trim() ? { listName: options.listName.trim() } : {}),
        ...(options.encoding ? { encoding: options.encoding } : {}),
      };
      const sent = await call(api.POST("/v1/campaigns/{id}/contacts/bulk", { params: { path: { id }, query }, body: form as never, bodySerializer: (body) => body as never }));
      change(dryRun ? { checked: String(sent.job_id), job: undefined } : { job: String(sent.job_id) });
    },
  });
  return (
    <Page title={t.title} more={<Link to="/campaigns/$campaignId" params={{ campaignId: String(id) } as never}>{campaign.data?.campaignName ?? t.campaign}</Link>}>
      <div className={css["steps"]}>
        {!job && (
          <Panel title={t.chooseFile}>
            <div className={css["body"]}>
              <Drop text={t.drop} label={t.file} accept=".csv,.txt,.tsv,.xlsx,.ndjson,.jsonl,.json" file={file} onFile={(chosen) => { setFile(chosen); change({ checked: undefined }); send.reset(); }} />
              <div className={css["options"]}>
                <Field label={t.listName} hint={t.listHint} value={options.listName} maxLength={255} onChange={(event) => set({ ...options, listName: event.target.value })} />
                <Select label={t.duplicates} value={options.onDuplicate} onChange={(event) => set({ ...options, onDuplicate: event.target.value as Options["onDuplicate"] })}>
                  <option value="skip">{t.skip}</option>
                  <option value="update">{t.update}</option>
                </Select>
                <Select label={t.encoding} value={options.encoding} onChange={(event) => set({ ...options, encoding: event.target.value as Options["encoding"] })}>
                  <option value="">{t.asDetected}</option>
                  {ENCODINGS.map((encoding) => <option key={encoding} value={encoding}>{encoding}</option>)}
                </Select>
              </div>
              {looked.isFetching && <p role="status" className={css["note"]}>{t.looking}</p>}
              {looked.error && <p role="alert" className={css["wrong"]}>{t.wrong}: {looked.error.message}</p>}
              {looked.data && <Columns looked={looked.data} all={all} picks={picks} onPicks={(now) => { choose({ of: all, picks: now }); change({ checked: undefined }); }} />}
              {send.error && <p role="alert" className={css["wrong"]}>{t.wrong}: {send.error.message}</p>}
              <div><Button kind={checked ? "" : "primary"} disabled={!file || looked.isFetching || send.isPending} onClick={() => send.mutate(true)}>{t.dryRun}</Button></div>
            </div>
          </Panel>
        )}
        {checked && !job && (
          <Job title={t.checked} id={id} jobId={Number(checked)}>
            {() => (file ? <Button kind="primary" disabled={send.isPending} onClick={() => send.mutate(false)}>{t.start}</Button> : <p className={css["note"]}>{t.startHint}</p>)}
          </Job>
        )}
        {job && (
          <Job title={t.imported} id={id} jobId={Number(job)}>
            {() => <Button onClick={() => { setFile(null); change({ checked: undefined, job: undefined }); }}>{t.again}</Button>}
          </Job>
        )}
      </div>
    </Page>
  );
}

function formOf(file: File): FormData {
  const form = new FormData();
  form.append("file", file);
  return form;
}
