import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { matches, number } from "../../format/format.ts";
import { AGENT_TONES } from "../../parts/agentTones.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Search } from "../../parts/Search.tsx";
import { ShownOnce } from "../../parts/ShownOnce.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useLiveWords } from "../live/words.ts";
import { Account } from "./Account.tsx";
import { AgentForm } from "./AgentForm.tsx";
import css from "./agents.module.css";
import { useAgents, useQueues, useTeams, type Agent, type Credentials } from "./data.ts";
import { writeSkills } from "./skills.ts";
import { Teams } from "./Teams.tsx";
import { useAgentWords } from "./words.ts";

type Open = { kind: "form"; agent: Agent | null } | { kind: "account" | "remove"; agent: Agent };

/** The agents of the tenant with their queues, skills and phones, and the teams. */
export default function Agents() {
  const t = useAgentWords();
  const { states } = useLiveWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const [{ agent: sought, team }, change] = useFilters((search) => ({ agent: text(search, "agent"), team: text(search, "team") }));
  const agents = useAgents();
  const queues = useQueues();
  const teams = useTeams();
  const [open, setOpen] = useState<Open | null>(null);
  const [made, setMade] = useState<{ name: string; phone: Credentials } | null>(null);
  const queueName = (id: number) => queues.data?.find(({ callinId }) => callinId === id)?.callinName ?? String(id);
  const columns: Column<Agent>[] = [
    { id: "name", title: t.name, by: ({ agentName }) => agentName, cell: ({ agentName }) => agentName },
    { id: "state", title: t.state, by: ({ state }) => states[state], cell: ({ state }) => <Badge tone={AGENT_TONES[state]}>{states[state]}</Badge> },
    { id: "queues", title: t.queues, cell: ({ queues: of }) => of.map(({ queueId }) => queueName(queueId)).join(", ") },
    { id: "skills", title: t.skills, cell: ({ skills }) => writeSkills(skills) },
    { id: "mode", title: t.mode, by: ({ mode }) => t.modes[mode], cell: ({ mode }) => t.modes[mode] },
    { id: "team", title: t.team, cell: ({ teamId }) => teams.data?.find((one) => one.teamId === teamId)?.name ?? (teamId ?? "") },
    { id: "wrapUp", title: t.wrapUpSec, end: true, cell: ({ wrapUpSec }) => number(wrapUpSec) },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (agent) => (
      <div className={css["acts"]}>
        <Button kind="small" aria-label={`${t.change}: ${agent.agentName}`} onClick={() => setOpen({ kind: "form", agent })}>{t.change}</Button>
        <Button kind="small" aria-label={`${t.account}: ${agent.agentName}`} onClick={() => setOpen({ kind: "account", agent })}>{t.account}</Button>
        <Button kind="small danger" aria-label={`${t.remove}: ${agent.agentName}`} onClick={() => setOpen({ kind: "remove", agent })}>{t.remove}</Button>
      </div>
    ) });
  const shown = (rows: Agent[]) => rows.filter((one) => matches(one.agentName, sought ?? "") && (!team || String(one.teamId) === team));
  return (
    <Page title={t.title} more={mayAct && <Button kind="primary" disabled={!queues.data?.length} onClick={() => setOpen({ kind: "form", agent: null })}>{t.create}</Button>}>
      <div className={css["grid"]}>
        <Panel title={t.agents}>
          <div className={css["filters"]}>
            <Search label={t.search} value={sought ?? ""} onChange={(value) => change({ agent: value || undefined })} />
            <Select label={t.team} value={team ?? ""} onChange={(event) => change({ team: event.target.value || undefined })}>
              <option value="">{t.anyTeam}</option>
              {teams.data?.map(({ teamId, name }) => <option key={teamId} value={teamId}>{name}</option>)}
            </Select>
          </div>
          <Shown of={agents}>
            {(rows) => <Table label={t.agents} rows={shown(rows)} columns={columns} rowKey={({ agentId }) => agentId} empty={<Empty title={queues.data?.length === 0 ? t.noQueue : t.noAgents} />} />}
          </Shown>
        </Panel>
        <Teams mayAct={mayAct} teams={teams} />
      </div>
      {open?.kind === "form" && (
        <AgentForm agent={open.agent} queues={queues.data ?? []} teams={teams.data ?? []} onMade={(name, phone) => setMade({ name, phone })} onClose={() => setOpen(null)} />
      )}
      {open?.kind === "account" && <Account agent={open.agent} onMade={(phone) => setMade({ name: open.agent.agentName, phone })} onClose={() => setOpen(null)} />}
      {open?.kind === "remove" && (
        <Confirm
          title={t.removeAsked(open.agent.agentName)}
          text={t.removeText}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/agents/{id}", { params: { path: { id: open.agent.agentId } } }));
            notify(t.removed(open.agent.agentName));
            await client.invalidateQueries({ queryKey: ["agents"] });
          }}
          onClose={() => setOpen(null)}
        />
      )}
      {made && <ShownOnce title={t.accountOf(made.name)} secrets={[[t.user, made.phone.username], [t.password, made.phone.password ?? ""]]} onClose={() => setMade(null)} />}
    </Page>
  );
}
