import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { number } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import css from "./agents.module.css";
import type { Team } from "./data.ts";
import { useAgentWords } from "./words.ts";

/** The teams; one with agents cannot be deleted, which the server says. */
export function Teams({ mayAct, teams }: { mayAct: boolean; teams: UseQueryResult<Team[]> }) {
  const t = useAgentWords();
  const client = useQueryClient();
  const [named, name] = useState<{ team: Team | null } | null>(null);
  const [removed, remove] = useState<Team | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ["teams"] });
  const columns: Column<Team>[] = [
    { id: "name", title: t.name, by: (team) => team.name, cell: (team) => team.name },
    { id: "agents", title: t.members, end: true, by: ({ agents }) => agents, cell: ({ agents }) => number(agents) },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (team) => (
      <div className={css["acts"]}>
        <Button kind="small" aria-label={`${t.rename}: ${team.name}`} onClick={() => name({ team })}>{t.rename}</Button>
        <Button kind="small danger" aria-label={`${t.remove}: ${team.name}`} onClick={() => remove(team)}>{t.remove}</Button>
      </div>
    ) });
  return (
    <Panel title={t.teams} more={mayAct && <Button kind="small" onClick={() => name({ team: null })}>{t.newTeam}</Button>}>
      <Shown of={teams}>{(rows) => <Table label={t.teams} rows={rows} columns={columns} rowKey={({ teamId }) => teamId} empty={<Empty title={t.noTeams} />} />}</Shown>
      {named && (
        <FormDialog
          title={named.team ? t.rename : t.newTeam}
          act={t.save}
          onSubmit={async (values) => {
            const body = { name: String(values.get("name")).trim() };
            await call(named.team ? api.PATCH("/v1/teams/{teamId}", { params: { path: { teamId: named.team.teamId } }, body }) : api.POST("/v1/teams", { body: { ...body, teamId: null } }));
            notify(t.saved(body.name));
            await again();
          }}
          onClose={() => name(null)}
        >
          <Field label={t.name} name="name" required maxLength={255} defaultValue={named.team?.name ?? ""} autoFocus />
        </FormDialog>
      )}
      {removed && (
        <Confirm
          title={t.removeTeam(removed.name)}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/teams/{teamId}", { params: { path: { teamId: removed.teamId } } }));
            notify(t.removed(removed.name));
            await again();
          }}
          onClose={() => remove(null)}
        />
      )}
    </Panel>
  );
}
