import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { duration, matches } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Search } from "../../parts/Search.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useQueues } from "../agents/data.ts";
import { useSounds, type Sound } from "../queues/data.ts";
import css from "./sounds.module.css";
import { Upload } from "./Upload.tsx";
import { useSoundWords } from "./words.ts";

/** Hold music and prompts that were uploaded: heard here, renamed, deleted, and where each is used. */
export default function Sounds() {
  const t = useSoundWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const [{ sound: sought }, change] = useFilters((search) => ({ sound: text(search, "sound") }));
  const sounds = useSounds();
  const [played, play] = useState<Sound | null>(null);
  const [open, setOpen] = useState<{ kind: "rename" | "remove"; sound: Sound } | null>(null);
  const at = ({ soundId }: Sound) => ({ params: { path: { soundId } } });
  const columns: Column<Sound>[] = [
    { id: "name", title: t.name, by: ({ name }) => name, cell: ({ name }) => <span className={css["name"]}>{name}</span> },
    { id: "kind", title: t.kind, by: ({ kind }) => t.kinds[kind], cell: ({ kind }) => t.kinds[kind] },
    { id: "length", title: t.length, end: true, by: ({ seconds }) => seconds, cell: ({ seconds }) => duration(Math.ceil(seconds)) },
    { id: "used", title: t.usedBy, cell: (sound) => <Used sound={sound} /> },
    { id: "acts", title: "", end: true, cell: (sound) => (
      <div className={css["acts"]}>
        <Button kind="small" aria-label={`${t.play}: ${sound.name}`} onClick={() => play(sound)}>{t.play}</Button>
        {mayAct && <Button kind="small" aria-label={`${t.rename}: ${sound.name}`} onClick={() => setOpen({ kind: "rename", sound })}>{t.rename}</Button>}
        {mayAct && <Button kind="small danger" aria-label={`${t.remove}: ${sound.name}`} onClick={() => setOpen({ kind: "remove", sound })}>{t.remove}</Button>}
      </div>
    ) },
  ];
  return (
    <Page title={t.title}>
      <div className={mayAct ? css["grid"] : ""}>
        <Panel title={t.title}>
          <div className={css["filters"]}>
            <Search label={t.search} value={sought ?? ""} onChange={(value) => change({ sound: value || undefined })} />
            {played && <audio key={played.soundId} className={css["player"]} aria-label={t.playing(played.name)} controls autoPlay src={`/v1/queues/sounds/${played.soundId}`} />}
          </div>
          <Shown of={sounds}>
            {(rows) => (
              <Table
                label={t.title}
                rows={rows.filter(({ name }) => matches(name, sought ?? ""))}
                columns={columns}
                rowKey={({ soundId }) => soundId}
                empty={rows.length ? <Empty title={t.noMatch} /> : <Empty title={t.none}>{t.noneText}</Empty>}
              />
            )}
          </Shown>
        </Panel>
        {mayAct && <Upload />}
      </div>
      {open?.kind === "rename" && (
        <FormDialog
          title={t.renameAsked(open.sound.name)}
          act={t.rename}
          onSubmit={async (values) => {
            const name = String(values.get("name")).trim();
            await call(api.PATCH("/v1/queues/sounds/{soundId}", { ...at(open.sound), body: { name } }));
            notify(t.renamed(name));
            await client.invalidateQueries({ queryKey: ["sounds"] });
          }}
          onClose={() => setOpen(null)}
        >
          <Field label={t.name} name="name" required maxLength={255} defaultValue={open.sound.name} autoFocus />
        </FormDialog>
      )}
      {open?.kind === "remove" && (
        <Confirm
          title={t.removeAsked(open.sound.name)}
          text={t.removeText}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/queues/sounds/{soundId}", at(open.sound)));
            notify(t.removed(open.sound.name));
            if (played?.soundId === open.sound.soundId) play(null);
            await client.invalidateQueries({ queryKey: ["sounds"] });
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

/** The queues that have the music; a prompt is of all announcements in its language. */
function Used({ sound }: { sound: Sound }) {
  const t = useSoundWords();
  const queues = useQueues();
  if (sound.kind === "prompt") return t.announcements(t.languages[sound.language as "vi" | "en"]);
  const users = queues.data?.filter(({ musicinQueue }) => musicinQueue === sound.name) ?? [];
  if (!users.length) return <span className={css["note"]}>{t.unused}</span>;
  return (
    <ul className={css["used"]}>
      {users.map(({ callinId, callinName }) => <li key={callinId}><Link to="/queues/$queueId" params={{ queueId: String(callinId) } as never}>{callinName}</Link></li>)}
    </ul>
  );
}
