import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useServerNow } from "../../data/clock.ts";
import type { Scope } from "../../data/session.ts";
import { date, dateTime } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Choices, Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { ShownOnce } from "../../parts/ShownOnce.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import type { components } from "../../api/schema.d.ts";
import { endOf, stateOf } from "./keys.ts";
import { useSettingWords } from "./words.ts";

type Key = components["schemas"]["KeyView"];
const SIZE = 50;
const TONES: Record<ReturnType<typeof stateOf>, Tone> = { works: "good", revoked: "quiet", expired: "warn" };

/** The API keys of the tenant. The value of a key is shown once, when it is made. */
export default function Keys() {
  const t = useSettingWords();
  const client = useQueryClient();
  const now = useServerNow();
  const [{ cursor }, change] = useFilters((search) => ({ cursor: text(search, "cursor") }));
  const query = { size: SIZE, cursor: cursor ?? "*" };
  const keys = useQuery({ queryKey: ["keys", query], queryFn: () => call(api.GET("/v1/api-keys", { params: { query } })) });
  const [asked, ask] = useState(false);
  const [revoked, revoke] = useState<Key | null>(null);
  const [made, setMade] = useState<{ name: string; key: string } | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ["keys"] });
  const nameOf = ({ name, hint }: Key) => name || hint;
  const create = async (values: FormData) => {
    const scopes = values.getAll("scopes") as Scope[];
    if (!scopes.length) throw new Error(t.needsScope);
    const name = String(values.get("name")).trim();
    const expiresAt = endOf(String(values.get("expires")));
    const { key } = await call(api.POST("/v1/api-keys", { body: { name, scopes, ...(expiresAt && { expiresAt }) } }));
    if (key) setMade({ name, key });
    await again();
  };
  return (
    <Page title={t.keys} more={<Button kind="primary" onClick={() => ask(true)}>{t.newKey}</Button>}>
      <Panel title={t.keys}>
        <Shown of={keys}>
          {({ data, nextCursor, totalRecord }) => (
            <Table
              label={t.keys}
              rows={data}
              rowKey={({ keyId }) => keyId}
              empty={<Empty title={t.noKeys} />}
              paging={{ total: totalRecord, cursor, next: nextCursor ?? null, go: (to) => change({ cursor: to }) }}
              columns={[
                { id: "name", title: t.name, cell: ({ name }) => name || "–" },
                { id: "hint", title: t.hint, cell: ({ hint }) => <code>{hint}</code> },
                { id: "scopes", title: t.scopes, cell: ({ scopes }) => scopes.map((scope) => t.scopeNames[scope]).join(", ") },
                { id: "made", title: t.made, cell: ({ createdAt }) => date(createdAt) },
                { id: "expires", title: t.expires, cell: ({ expiresAt }) => (expiresAt ? dateTime(expiresAt) : t.never) },
                { id: "state", title: t.state, cell: (key) => <Badge tone={TONES[stateOf(key, now)]}>{t.keyStates[stateOf(key, now)]}</Badge> },
                { id: "acts", title: "", end: true, cell: (key) => !key.revokedAt && <Button kind="small danger" aria-label={`${t.revoke}: ${nameOf(key)}`} onClick={() => revoke(key)}>{t.revoke}</Button> },
              ]}
            />
          )}
        </Shown>
      </Panel>
      {asked && (
        <FormDialog title={t.newKey} act={t.newKey} onSubmit={create} onClose={() => ask(false)}>
          <Field label={t.name} name="name" required maxLength={255} autoFocus />
          <Choices label={t.scopes} name="scopes" choices={Object.entries(t.scopeNames)} chosen={[]} />
          <Field label={t.expires} name="expires" type="date" hint={t.expiresHint} />
        </FormDialog>
      )}
      {revoked && (
        <Confirm
          title={t.revokeAsked(nameOf(revoked))}
          text={t.revokeText}
          act={t.revoke}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/api-keys/{keyId}", { params: { path: { keyId: revoked.keyId } } }));
            notify(t.revoked(nameOf(revoked)));
            await again();
          }}
          onClose={() => revoke(null)}
        />
      )}
      {made && <ShownOnce title={made.name} secrets={[[t.key, made.key]]} onClose={() => setMade(null)} />}
    </Page>
  );
}
