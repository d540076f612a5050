import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { number, phone } from "../../format/format.ts";
import { AGENT_TONES } from "../../parts/agentTones.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { useAgents, type Agent } from "../agents/data.ts";
import { readSkills, writeSkills } from "../agents/skills.ts";
import { useLiveWords } from "../live/words.ts";
import { useMenus, type Queue } from "./data.ts";
import css from "./queues.module.css";
import { useQueueWords } from "./words.ts";

type Open = { kind: "add" } | { kind: "change" | "remove"; agent: Agent };

/** The agents who serve a queue in its order, with their skills, and what leads callers to it. */
export function Members({ queue, mayAct }: { queue: Queue; mayAct: boolean }) {
  const t = useQueueWords();
  const { states } = useLiveWords();
  const client = useQueryClient();
  const agents = useAgents();
  const [open, setOpen] = useState<Open | null>(null);
  const id = queue.callinId;
  const placeOf = (agent: Agent) => agent.queues.find(({ queueId }) => queueId === id)?.position;
  const send = async (agent: Agent, position: number | null, skills?: Agent["skills"]) => {
    const others = agent.queues.filter(({ queueId }) => queueId !== id);
    const body = { queues: position === null ? others : [...others, { queueId: id, position }], ...(skills && { skills }) };
    await call(api.PATCH("/v1/agents/{id}", { params: { path: { id: agent.agentId } }, body }));
    notify(t.saved(agent.agentName));
    await client.invalidateQueries({ queryKey: ["agents"] });
  };
  const columns: Column<Agent>[] = [
    { id: "position", title: t.position, end: true, by: (agent) => placeOf(agent) ?? null, cell: (agent) => number(placeOf(agent)) },
    { id: "name", title: t.agent, by: ({ agentName }) => agentName, cell: ({ agentName }) => agentName },
    { id: "state", title: t.state, by: ({ state }) => states[state], cell: ({ state }) => <Badge tone={AGENT_TONES[state]}>{states[state]}</Badge> },
    { id: "skills", title: t.skills, cell: ({ skills }) => writeSkills(skills) },
  ];
  if (mayAct)
    columns.push({ id: "acts", title: "", end: true, cell: (agent) => (
      <div className={css["acts"]}>
        <Button kind="small" aria-label={`${t.change}: ${agent.agentName}`} onClick={() => setOpen({ kind: "change", agent })}>{t.change}</Button>
        <Button kind="small danger" aria-label={`${t.takeOut}: ${agent.agentName}`} onClick={() => setOpen({ kind: "remove", agent })}>{t.takeOut}</Button>
      </div>
    ) });
  const others = agents.data?.filter((agent) => placeOf(agent) === undefined) ?? [];
  return (
    <>
      <Panel title={t.members} more={mayAct && <Button kind="small" disabled={!others.length} onClick={() => setOpen({ kind: "add" })}>{t.addMember}</Button>}>
        <Shown of={agents}>
          {(rows) => (
            <Table
              label={t.members}
              rows={rows.filter((agent) => placeOf(agent) !== undefined).sort((one, other) => placeOf(one)! - placeOf(other)! || one.agentId - other.agentId)}
              columns={columns}
              rowKey={({ agentId }) => agentId}
              empty={<Empty title={t.noMembers} />}
            />
          )}
        </Shown>
      </Panel>
      <Leads queue={queue} />
      {open?.kind === "add" && (
        <FormDialog
          title={t.addMember}
          act={t.addMember}
          onSubmit={(values) => send(others.find(({ agentId }) => agentId === Number(values.get("agentId")))!, Number(values.get("queues")))}
          onClose={() => setOpen(null)}
        >
          <Select label={t.agent} name="agentId" autoFocus>{others.map(({ agentId, agentName }) => <option key={agentId} value={agentId}>{agentName}</option>)}</Select>
          <Field label={t.position} name="queues" type="number" min={1} required defaultValue={1} hint={t.positionHint} />
        </FormDialog>
      )}
      {open?.kind === "change" && (
        <FormDialog title={open.agent.agentName} act={t.save} onSubmit={(values) => send(open.agent, Number(values.get("queues")), readSkills(String(values.get("skills"))))} onClose={() => setOpen(null)}>
          <Field label={t.position} name="queues" type="number" min={1} required defaultValue={placeOf(open.agent)} hint={t.positionHint} autoFocus />
          <Field label={t.skills} name="skills" defaultValue={writeSkills(open.agent.skills)} hint={t.hints.skills} />
        </FormDialog>
      )}
      {open?.kind === "remove" && <Confirm title={t.takeOutAsked(open.agent.agentName, queue.callinName)} act={t.takeOut} danger onConfirm={() => send(open.agent, null)} onClose={() => setOpen(null)} />}
    </>
  );
}

/** The number and the menus that lead callers to the queue. */
function Leads({ queue }: { queue: Queue }) {
  const t = useQueueWords();
  const menus = useMenus();
  const leading = menus.data?.flatMap(({ name, options, otherwise }) => {
    const keys = Object.entries(options).filter(([, to]) => to.queueId === queue.callinId).map(([key]) => key);
    if (otherwise?.queueId === queue.callinId) keys.push(t.otherwise);
    return keys.map((key) => `${name}: ${key}`);
  });
  return (
    <Panel title={t.leads}>
      <div className={css["body"]}>
        <dl className={css["facts"]}>
          <dt>{t.own.callinNumber}</dt><dd>{queue.callinNumber ? phone(queue.callinNumber) : t.noNumber}</dd>
          <dt>{t.menus}</dt><dd>{leading?.length ? leading.map((line) => <div key={line}>{line}</div>) : "–"}</dd>
        </dl>
      </div>
    </Panel>
  );
}
