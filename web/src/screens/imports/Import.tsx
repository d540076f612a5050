import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Page } from "../../shell/Page.tsx";
import css from "./imports.module.css";
import { Job } from "./Job.tsx";
import { useImportWords } from "./words.ts";

const ENCODINGS = ["utf-8", "utf-16", "cp1258", "tcvn3", "vni", "cp1252"] as const;
type Options = { listName: string; onDuplicate: "skip" | "update"; encoding: "" | (typeof ENCODINGS)[number] };

/** From a file to contacts: choose, check without importing, import. The jobs are in the URL, so that a reload keeps them. */
export default function Import() {
  const t = useImportWords();
  const id = Number((useParams({ strict: false }) as { campaignId: string }).campaignId);
  const campaign = useQuery({ queryKey: ["campaigns", id], queryFn: () => call(api.GET("/v1/campaigns/{id}", { params: { path: { id } } })) });
  const [{ checked, job }, change] = useFilters((search) => ({ checked: text(search, "checked"), job: text(search, "job") }));
  const [file, setFile] = useState<File | null>(null);
  const [options, set] = useState<Options>({ listName: "", onDuplicate: "skip", encoding: "" });
  const send = useMutation({
    mutationFn: async (dryRun: boolean) => {
      const form = new FormData();
      form.append("file", file!);
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
              <Drop file={file} onFile={(chosen) => { setFile(chosen); change({ checked: undefined }); send.reset(); }} />
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
              {send.error && <p role="alert" className={css["wrong"]}>{t.wrong}: {send.error.message}</p>}
              <div><Button kind={checked ? "" : "primary"} disabled={!file || send.isPending} onClick={() => send.mutate(true)}>{t.dryRun}</Button></div>
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

function Drop({ file, onFile }: { file: File | null; onFile: (file: File) => void }) {
  const t = useImportWords();
  const [over, setOver] = useState(false);
  const take = (files: FileList | null) => {
    if (files?.[0]) onFile(files[0]);
  };
  return (
    <div
      className={`${css["drop"]} ${over ? css["over"] : ""}`}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files); }}
    >
      <span>{t.drop}</span>
      <input type="file" aria-label={t.file} accept=".csv,.txt,.tsv,.xlsx,.ndjson,.jsonl,.json" onChange={(event) => take(event.target.files)} />
      {file && <strong>{file.name}</strong>}
    </div>
  );
}
