import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { ROLES, type Role } from "../../data/session.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Choices, Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { ShownOnce } from "../../parts/ShownOnce.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useAgents, useTeams } from "../agents/data.ts";
import type { components } from "../../api/schema.d.ts";
import { Sessions } from "./Sessions.tsx";
import css from "./settings.module.css";
import { useSettingWords } from "./words.ts";

type Person = components["schemas"]["UserView"];
type Open = { kind: "form"; person: Person | null } | { kind: "disable" | "link" | "sessions"; person: Person };
const SIZE = 50;

/** The people of the tenant who sign in, with their roles and sessions. */
export default function People() {
  const t = useSettingWords();
  const client = useQueryClient();
  const [{ cursor }, change] = useFilters((search) => ({ cursor: text(search, "cursor") }));
  const query = { size: SIZE, cursor: cursor ?? "*" };
  const people = useQuery({ queryKey: ["people", query], queryFn: () => call(api.GET("/v1/users", { params: { query } })) });
  const agents = useAgents().data ?? [];
  const teams = useTeams().data ?? [];
  const [open, setOpen] = useState<Open | null>(null);
  const [link, setLink] = useState<{ name: string; address: string } | null>(null);
  const close = () => setOpen(null);
  const again = () => client.invalidateQueries({ queryKey: ["people"] });
  const pathOf = ({ userId }: Person) => ({ params: { path: { userId } } });
  const makeLink = async (userId: number, name: string) => {
    const { path } = await call(api.POST("/v1/users/{userId}/reset-link", { params: { path: { userId } } }));
    if (path) setLink({ name, address: new URL(path, location.origin).href });
  };
  const submit = async (person: Person | null, values: FormData) => {
    const agentId = values.get("agentId");
    const body = {
      name: String(values.get("name")).trim(), role: values.get("role") as Role,
      agentId: agentId ? Number(agentId) : null, teamIds: values.getAll("teamIds").map(Number),
    };
    if (person) await call(api.PATCH("/v1/users/{userId}", { ...pathOf(person), body }));
    else {
      const { userId } = await call(api.POST("/v1/users", { body: { ...body, login: String(values.get("login")).trim() } }));
      await again();
      await makeLink(userId, body.name);
    }
    notify(t.saved(body.name));
    await again();
  };
  const act = (kind: "form" | "disable" | "link" | "sessions", word: string, person: Person, look: "small" | "small danger" = "small") => (
    <Button kind={look} aria-label={`${word}: ${person.name}`} onClick={() => setOpen({ kind, person })}>{word}</Button>
  );
  const teamsOf = ({ teamIds }: Person) => teamIds.map((id) => teams.find(({ teamId }) => teamId === id)?.name ?? id).join(", ") || "–";
  const stateOf = ({ disabledAt, hasPassword }: Person) => {
    if (disabledAt) return <Badge tone="bad">{t.disabled}</Badge>;
    return hasPassword ? <Badge tone="good">{t.active}</Badge> : <Badge tone="warn">{t.invited}</Badge>;
  };
  return (
    <Page title={t.people} more={<Button kind="primary" onClick={() => setOpen({ kind: "form", person: null })}>{t.newPerson}</Button>}>
      <Panel title={t.people}>
        <Shown of={people}>
          {({ data, nextCursor, totalRecord }) => (
            <Table
              label={t.people}
              rows={data}
              rowKey={({ userId }) => userId}
              paging={{ total: totalRecord, cursor, next: nextCursor ?? null, go: (to) => change({ cursor: to }) }}
              columns={[
                { id: "name", title: t.name, cell: ({ name }) => name },
                { id: "login", title: t.login, cell: ({ login }) => login },
                { id: "role", title: t.role, cell: ({ role }) => <span className={css["word"]}>{t.roles[role]}</span> },
                { id: "agent", title: t.agent, cell: ({ agentId }) => (agentId === null ? "–" : (agents.find((one) => one.agentId === agentId)?.agentName ?? agentId)) },
                ...(teams.length ? [{ id: "teams", title: t.teams, cell: teamsOf }] : []),
                { id: "state", title: t.state, cell: stateOf },
                { id: "acts", title: "", end: true, cell: (person) => (
                  <div className={css["acts"]}>
                    {act("form", t.change, person)}
                    {act("link", t.linkShort, person)}
                    {act("sessions", t.sessions, person)}
                    {act("disable", person.disabledAt ? t.enable : t.disable, person, person.disabledAt ? "small" : "small danger")}
                  </div>
                ) },
              ]}
            />
          )}
        </Shown>
      </Panel>
      {open?.kind === "form" && (
        <FormDialog title={open.person ? t.changeOf(open.person.name) : t.newPerson} act={open.person ? t.save : t.newPerson} onSubmit={(values) => submit(open.person, values)} onClose={close}>
          <Field label={t.name} name="name" required maxLength={255} defaultValue={open.person?.name ?? ""} autoFocus />
          {!open.person && <Field label={t.login} name="login" required hint={t.loginHint} autoComplete="off" />}
          <Select label={t.role} name="role" defaultValue={open.person?.role ?? "agent"}>
            {ROLES.map((role) => <option key={role} value={role}>{t.roles[role]}</option>)}
          </Select>
          <Select label={t.agent} name="agentId" hint={t.agentHint} defaultValue={open.person?.agentId ?? ""}>
            <option value="">{t.noAgent}</option>
            {agents.map(({ agentId, agentName }) => <option key={agentId} value={agentId}>{agentName}</option>)}
          </Select>
          {teams.length > 0 && <Choices label={t.teams} name="teamIds" choices={teams.map(({ teamId, name }) => [teamId, name])} chosen={open.person?.teamIds ?? []} />}
        </FormDialog>
      )}
      {open?.kind === "disable" && (
        <Confirm
          title={open.person.disabledAt ? t.enableAsked(open.person.name) : t.disableAsked(open.person.name)}
          text={open.person.disabledAt ? undefined : t.disableText}
          act={open.person.disabledAt ? t.enable : t.disable}
          danger={!open.person.disabledAt}
          onConfirm={async () => {
            await call(api.PATCH("/v1/users/{userId}", { ...pathOf(open.person), body: { disabled: !open.person.disabledAt } }));
            notify(t.saved(open.person.name));
            await again();
          }}
          onClose={close}
        />
      )}
      {open?.kind === "link" && (
        <Confirm title={t.linkAsked(open.person.name)} text={t.linkText} act={t.link} onConfirm={() => makeLink(open.person.userId, open.person.name)} onClose={close} />
      )}
      {open?.kind === "sessions" && <Sessions userId={open.person.userId} name={open.person.name} onClose={close} />}
      {link && <ShownOnce title={t.linkOf(link.name)} secrets={[[t.address, link.address]]} onClose={() => setLink(null)} />}
    </Page>
  );
}
