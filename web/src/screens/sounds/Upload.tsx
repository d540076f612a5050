import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sendFile } from "../../data/api.ts";
import { percent } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Drop } from "../../parts/Drop.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { notify } from "../../parts/toast.tsx";
import css from "./sounds.module.css";
import { nameOf, pathOf, typeOf, type Kind } from "./upload.ts";
import { useSoundWords } from "./words.ts";

/** A file, what it is for, and its name; then how much of it is sent. */
export function Upload() {
  const t = useSoundWords();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [kind, setKind] = useState<Kind>("music");
  const [sent, setSent] = useState<number | null>(null);
  const upload = async (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim();
    try {
      await sendFile("PUT", pathOf(kind, of("name"), of("language")), file!, typeOf(file!), setSent);
      notify(t.uploaded(of("name")));
      setFile(null);
      await client.invalidateQueries({ queryKey: ["sounds"] });
    } finally {
      setSent(null);
    }
  };
  return (
    <Panel title={t.upload}>
      <div className={css["body"]}>
        <Form label={t.upload} onSubmit={upload} foot={(busy) => <div><Button type="submit" kind="primary" disabled={!file || busy}>{t.upload}</Button></div>}>
          <Drop text={t.drop} label={t.file} accept=".wav,.mp3,audio/wav,audio/mpeg" file={file} onFile={setFile} />
          <Select label={t.kind} name="kind" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            <option value="music">{t.kinds.music}</option>
            <option value="prompt">{t.kinds.prompt}</option>
          </Select>
          {kind === "prompt" && (
            <Select label={t.language} name="language">
              <option value="vi">{t.languages.vi}</option>
              <option value="en">{t.languages.en}</option>
            </Select>
          )}
          <Field key={`${kind} ${file?.name ?? ""}`} label={t.name} name="name" required maxLength={255} defaultValue={file ? nameOf(file, kind) : ""} hint={kind === "music" ? t.musicHint : t.promptHint} />
          {sent !== null && (
            <div role="status">
              <progress className={css["bar"]} max={1} value={sent} aria-label={t.upload} />
              {sent < 1 ? t.sending(percent(sent * 100)) : t.converting}
            </div>
          )}
        </Form>
      </div>
    </Panel>
  );
}
