import { useQuery } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { text, useFilters } from "../../app/search.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";
import { clock, date } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { beginOf, inWords, told } from "./actions.ts";
import css from "./audit.module.css";
import { useAuditWords } from "./words.ts";

type Entry = components["schemas"]["AuditEntry"];
const SIZE = 50;
const TONES: Record<Entry["author"], Tone> = { user: "info", key: "warn", operator: "quiet" };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function read(search: Record<string, unknown>) {
  const day = (name: string) => (DAY.test(text(search, name) ?? "") ? text(search, name) : undefined);
  return { user: text(search, "user"), action: text(search, "action"), from: day("from"), to: day("to"), cursor: text(search, "cursor") };
}

/** Who changed what, newest first. */
export default function Audit() {
  const t = useAuditWords();
  const [{ user, action, from, to, cursor }, change] = useFilters(read);
  const people = useQuery({ queryKey: ["people", "all"], queryFn: () => all((next) => call(api.GET("/v1/users", { params: { query: { cursor: next, size: 200 } } }))) });
  const query = {
    size: SIZE, cursor: cursor ?? "*", ...(user && { userId: Number(user) }), ...(action && { action }),
    ...(from && { from: beginOf(from) }), ...(to && { to: beginOf(to, 1) }),
  };
  const entries = useQuery({ queryKey: ["audit", query], queryFn: () => call(api.GET("/v1/audit", { params: { query } })) });
  const set = (name: "user" | "action" | "from" | "to") => (event: { target: { value: string } }) => change({ [name]: event.target.value || undefined, cursor: undefined });
  return (
    <Page title={t.title}>
      <Panel title={t.title}>
        <div className={css["filters"]}>
          <Select label={t.who} value={user ?? ""} onChange={set("user")}>
            <option value="">{t.anybody}</option>
            {people.data?.map(({ userId, name }) => <option key={userId} value={userId}>{name}</option>)}
          </Select>
          <Select label={t.kind} value={action ?? ""} onChange={set("action")}>
            <option value="">{t.anything}</option>
            {Object.entries(t.kinds).sort(([, one], [, other]) => one.localeCompare(other, "vi")).map(([kind, name]) => <option key={kind} value={kind}>{name}</option>)}
          </Select>
          <Field label={t.from} type="date" value={from ?? ""} onChange={set("from")} />
          <Field label={t.to} type="date" value={to ?? ""} onChange={set("to")} />
        </div>
        <Shown of={entries}>
          {({ data, nextCursor }) => (
            <Table
              label={t.title}
              rows={data}
              rowKey={({ auditId }) => auditId}
              empty={<Empty title={t.none} />}
              paging={{ cursor, next: nextCursor ?? null, go: (next) => change({ cursor: next }) }}
              columns={[
                { id: "at", title: t.at, cell: ({ at }) => <span className={css["line"]}>{`${date(at)} ${clock(at)}`}</span> },
                { id: "who", title: t.who, cell: (entry) => <span className={css["line"]}><Badge tone={TONES[entry.author]}>{t.authors[entry.author]}</Badge> {nameOf(entry, t.nameless)}</span> },
                { id: "action", title: t.action, cell: (entry) => inWords(entry.action, t) },
                { id: "subject", title: t.subject, cell: ({ subject }) => subject },
                { id: "detail", title: t.detail, cell: ({ detail }) => <span className={css["detail"]}>{told(detail)}</span> },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </Page>
  );
}

function nameOf({ authorName, userId, keyId }: Entry, nameless: (id: string) => string): string {
  const id = userId ?? keyId;
  return authorName ?? (id === null ? "" : nameless(String(id)));
}
