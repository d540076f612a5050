import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Choices, Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import type { components } from "../../api/schema.d.ts";
import css from "./settings.module.css";
import { useSettingWords } from "./words.ts";

type Code = components["schemas"]["CodeView"];
const FLAGS = ["success", "callback", "doNotCall", "numberUnusable"] as const;

/** The codes by which agents say what a call was, and what follows from each. */
export default function Codes() {
  const t = useSettingWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const codes = useQuery({ queryKey: ["wrap-up codes"], queryFn: async () => (await call(api.GET("/v1/wrap-up-codes"))).data });
  const [open, setOpen] = useState<{ code: Code | null } | null>(null);
  const [removed, remove] = useState<Code | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ["wrap-up codes"] });
  const flagsOf = (code: Code) => FLAGS.filter((flag) => code[flag]);
  const columns: Column<Code>[] = [
    { id: "name", title: t.name, by: ({ name }) => name, cell: ({ name }) => name },
    { id: "follows", title: t.follows, cell: (code) => flagsOf(code).map((flag) => t.flags[flag]).join(", ") || "–" },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (code) => (
      <div className={css["acts"]}>
        <Button kind="small" aria-label={`${t.change}: ${code.name}`} onClick={() => setOpen({ code })}>{t.change}</Button>
        <Button kind="small danger" aria-label={`${t.remove}: ${code.name}`} onClick={() => remove(code)}>{t.remove}</Button>
      </div>
    ) });
  const submit = async (values: FormData) => {
    const chosen = values.getAll("flags");
    const of = (flag: (typeof FLAGS)[number]) => chosen.includes(flag);
    const body = { name: String(values.get("name")).trim(), success: of("success"), callback: of("callback"), doNotCall: of("doNotCall"), numberUnusable: of("numberUnusable") };
    const code = open?.code;
    await call(code ? api.PATCH("/v1/wrap-up-codes/{codeId}", { params: { path: { codeId: code.codeId } }, body }) : api.POST("/v1/wrap-up-codes", { body }));
    notify(t.saved(body.name));
    await again();
  };
  return (
    <Page title={t.codes} more={mayAct && <Button kind="primary" onClick={() => setOpen({ code: null })}>{t.newCode}</Button>}>
      <Panel title={t.codes}>
        <Shown of={codes}>{(rows) => <Table label={t.codes} rows={rows} columns={columns} rowKey={({ codeId }) => codeId} empty={<Empty title={t.noCodes} />} />}</Shown>
      </Panel>
      {open && (
        <FormDialog title={open.code ? t.changeOf(open.code.name) : t.newCode} act={t.save} onSubmit={submit} onClose={() => setOpen(null)}>
          <Field label={t.name} name="name" required maxLength={64} defaultValue={open.code?.name ?? ""} autoFocus />
          <Choices label={t.follows} name="flags" choices={FLAGS.map((flag) => [flag, t.flags[flag]])} chosen={open.code ? flagsOf(open.code) : []} />
        </FormDialog>
      )}
      {removed && (
        <Confirm
          title={t.removeCode(removed.name)}
          text={t.removeText}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/wrap-up-codes/{codeId}", { params: { path: { codeId: removed.codeId } } }));
            notify(t.removed(removed.name));
            await again();
          }}
          onClose={() => remove(null)}
        />
      )}
    </Page>
  );
}
