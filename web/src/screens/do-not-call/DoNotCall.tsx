import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../../api/schema.d.ts";
import { text, useFilters } from "../../app/search.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { number, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import css from "./dnc.module.css";
import { Numbers } from "./Numbers.tsx";
import { useDncWords } from "./words.ts";

type Schemas = components["schemas"];
export type List = Schemas["DncListView"];

/** The do-not-call lists with their numbers. The list, the number sought and the page are in the URL. */
export default function DoNotCall() {
  const t = useDncWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const [{ list, phone: sought, cursor }, change] = useFilters((search) => ({ list: text(search, "list"), phone: text(search, "phone"), cursor: text(search, "cursor") }));
  const lists = useQuery({ queryKey: ["do-not-call", "lists"], queryFn: () => all((at) => call(api.GET("/v1/do-not-call", { params: { query: { cursor: at, size: 200 } } }))) });
  const [making, make] = useState(false);
  const [removed, remove] = useState<List | null>(null);
  const shown = lists.data?.find(({ dncListId }) => String(dncListId) === list) ?? lists.data?.[0];
  return (
    <Page title={t.title} more={mayAct && <Button onClick={() => make(true)}>{t.newList}</Button>}>
      <div className={css["grid"]}>
        <Check />
        <Panel title={t.lists}>
          <Shown of={lists}>
            {(rows) => (
              <Table
                label={t.lists}
                rows={rows}
                rowKey={({ dncListId }) => dncListId}
                empty={<Empty title={t.noLists} />}
                columns={[
                  { id: "name", title: t.list, by: ({ name }) => name, cell: ({ name }) => name },
                  { id: "of", title: t.of, cell: ({ campaignId }) => (campaignId === null ? t.forAll : t.campaign(String(campaignId))) },
                  { id: "entries", title: t.entries, end: true, by: ({ entryCount }) => entryCount, cell: ({ entryCount }) => number(entryCount) },
                  { id: "acts", title: "", end: true, cell: (row) => mayAct && <Button kind="small danger" aria-label={`${t.remove}: ${row.name}`} onClick={() => remove(row)}>{t.remove}</Button> },
                ]}
              />
            )}
          </Shown>
        </Panel>
        {shown && (
          <div className={css["wide"]}>
            <Numbers
              key={`${shown.dncListId} ${sought}`} list={shown} sought={sought} cursor={cursor} mayAct={mayAct} change={change}
              choice={<Select label={t.list} value={shown.dncListId} onChange={(event) => change({ list: event.target.value, cursor: undefined })}>{lists.data!.map(({ dncListId, name }) => <option key={dncListId} value={dncListId}>{name}</option>)}</Select>}
            />
          </div>
        )}
      </div>
      {making && (
        <FormDialog
          title={t.newList}
          act={t.newList}
          onSubmit={async (values) => {
            const name = String(values.get("name")).trim();
            const { dncListId } = await call(api.POST("/v1/do-not-call", { body: { name } }));
            notify(t.created(name));
            await client.invalidateQueries({ queryKey: ["do-not-call"] });
            change({ list: String(dncListId), phone: undefined, cursor: undefined });
          }}
          onClose={() => make(false)}
        >
          <Field label={t.listName} name="name" required maxLength={255} autoFocus />
        </FormDialog>
      )}
      {removed && (
        <Confirm
          title={t.removeList(removed.name)} text={t.removeText} act={t.remove} danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/do-not-call/{dncListId}", { params: { path: { dncListId: removed.dncListId } } }));
            notify(t.removed(removed.name));
            await client.invalidateQueries({ queryKey: ["do-not-call"] });
          }}
          onClose={() => remove(null)}
        />
      )}
    </Page>
  );
}

/** Whether a number may be called now, and which lists say no. */
function Check() {
  const t = useDncWords();
  const [found, setFound] = useState<Schemas["DncCheck"] | null>(null);
  const ask = async (values: FormData) => {
    setFound(null);
    setFound(await call(api.GET("/v1/do-not-call/check", { params: { query: { phoneNumber: String(values.get("phoneNumber")) } } })));
  };
  return (
    <Panel title={t.check}>
      <div className={css["body"]}>
        <Form label={t.check} onSubmit={ask} foot={(busy) => <div><Button type="submit" disabled={busy}>{t.ask}</Button></div>}>
          <Field label={t.number} name="phoneNumber" required inputMode="tel" hint={t.anyForm} />
        </Form>
        <div role="status">
          {found && <Badge tone={found.listed ? "bad" : "good"}>{found.listed ? t.listed(phone(found.phoneNumber)) : t.free(phone(found.phoneNumber))}</Badge>}
          {found?.data.map(({ dncListId, name, reason }) => <p key={dncListId}>{reason ? `${name}: ${reason}` : name}</p>)}
        </div>
      </div>
    </Panel>
  );
}
