import { useQueryClient } from "@tanstack/react-query";
import { api, call } from "../../data/api.ts";
import { Choices, Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { notify } from "../../parts/toast.tsx";
import type { Agent, Credentials, Queue, Team } from "./data.ts";
import { readSkills, writeSkills } from "./skills.ts";
import { useAgentWords } from "./words.ts";

type Asked = { agent: Agent | null; queues: Queue[]; teams: Team[]; onMade: (name: string, phone: Credentials) => void; onClose: () => void };

/** Create an agent, or change one. The phone's name and mode can be changed only while the agent is offline: the server says so. */
export function AgentForm({ agent, queues, teams, onMade, onClose }: Asked) {
  const t = useAgentWords();
  const client = useQueryClient();
  const submit = async (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim();
    const endpoint = of("endpoint");
    const queueId = Number(of("queueId"));
    const sent = {
      agentName: of("agentName"),
      queueId,
      queues: [...new Set([queueId, ...values.getAll("queues").map(Number)])].map((id) => agent?.queues.find((one) => one.queueId === id) ?? { queueId: id, position: 1 }),
      skills: readSkills(of("skills")),
      teamId: of("teamId") ? Number(of("teamId")) : null,
      wrapUpSec: Number(of("wrapUpSec")),
    };
    const mode = of("mode") as Agent["mode"];
    if (agent) {
      const phone = { ...(mode !== agent.mode && { mode }), ...(endpoint && endpoint !== agent.endpoint && { endpoint }) };
      await call(api.PATCH("/v1/agents/{id}", { params: { path: { id: agent.agentId } }, body: { ...sent, ...phone } }));
      notify(t.saved(sent.agentName));
    } else {
      const { phone } = await call(api.POST("/v1/agents", { body: { ...sent, mode, ...(endpoint && { endpoint }) } }));
      if (phone) onMade(sent.agentName, phone);
      notify(t.created(sent.agentName));
    }
    await client.invalidateQueries({ queryKey: ["agents"] });
    await client.invalidateQueries({ queryKey: ["teams"] });
  };
  return (
    <FormDialog title={agent ? t.changeOf(agent.agentName) : t.create} act={agent ? t.save : t.create} onSubmit={submit} onClose={onClose}>
      <Field label={t.name} name="agentName" required maxLength={255} defaultValue={agent?.agentName ?? ""} autoFocus />
      <Select label={t.queue} name="queueId" defaultValue={agent?.queueId ?? queues[0]?.callinId}>
        {queues.map(({ callinId, callinName }) => <option key={callinId} value={callinId}>{callinName}</option>)}
      </Select>
      {queues.length > 1 && <Choices label={t.moreQueues} name="queues" choices={queues.map(({ callinId, callinName }) => [callinId, callinName])} chosen={agent?.queues.map(({ queueId }) => queueId) ?? []} />}
      <Field label={t.skills} name="skills" hint={t.skillsHint} defaultValue={writeSkills(agent?.skills ?? [])} />
      <Select label={t.team} name="teamId" defaultValue={agent?.teamId ?? ""}>
        <option value="">{t.noTeam}</option>
        {teams.map(({ teamId, name }) => <option key={teamId} value={teamId}>{name}</option>)}
      </Select>
      <Select label={t.mode} name="mode" defaultValue={agent?.mode ?? "ring"}>
        {(["ring", "nailed_up"] as const).map((mode) => <option key={mode} value={mode}>{t.modes[mode]}</option>)}
      </Select>
      <Field label={t.endpoint} name="endpoint" pattern="[A-Za-z0-9_\-]{1,64}" hint={agent ? undefined : t.endpointHint} defaultValue={agent?.endpoint ?? ""} />
      <Field label={t.wrapUpSec} name="wrapUpSec" type="number" min={0} max={3600} required defaultValue={agent?.wrapUpSec ?? 10} />
    </FormDialog>
  );
}
