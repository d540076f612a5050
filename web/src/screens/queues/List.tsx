import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { useTopic } from "../../data/stream.ts";
import { matches, number, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Search } from "../../parts/Search.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useAgents, useQueues } from "../agents/data.ts";
import { STRATEGIES, useHours, type Strategy } from "./data.ts";
import css from "./queues.module.css";
import { Remove } from "./Remove.tsx";
import { useQueueWords } from "./words.ts";

/** The inbound queues: how callers are treated, who waits, whether it is open. */
export default function Queues() {
  const t = useQueueWords();
  const mayAct = useSession().user.role !== "viewer";
  const [{ queue: sought }, change] = useFilters((search) => ({ queue: text(search, "queue") }));
  const queues = useQueues();
  const agents = useAgents();
  const live = useTopic("queues");
  const [making, make] = useState(false);
  const now = (id: number) => live?.data.queues.find(({ callinId }) => callinId === id);
  return (
    <Page title={t.title} more={mayAct && <Button kind="primary" onClick={() => make(true)}>{t.create}</Button>}>
      <Panel title={t.title} live heard={live}>
        <div className={css["filters"]}><Search label={t.search} value={sought ?? ""} onChange={(value) => change({ queue: value || undefined })} /></div>
        <Shown of={queues}>
          {(rows) => (
            <Table
              label={t.title}
              rows={rows.filter(({ callinName, callinNumber }) => matches(`${callinName} ${callinNumber ?? ""}`, sought ?? ""))}
              rowKey={({ callinId }) => callinId}
              empty={<Empty title={rows.length ? t.noMatch : t.none} />}
              columns={[
                { id: "name", title: t.name, by: ({ callinName }) => callinName, cell: ({ callinId, callinName }) => <Link to="/queues/$queueId" params={{ queueId: String(callinId) } as never}>{callinName}</Link> },
                { id: "open", title: t.opening, cell: ({ callinId }) => <OpenState queueId={callinId} /> },
                { id: "strategy", title: t.own.strategy, by: ({ strategy }) => strategy, cell: ({ strategy }) => <Badge tone={toneOf(strategy)}>{t.strategies[strategy]}</Badge> },
                { id: "waiting", title: t.waitingNow, end: true, by: ({ callinId }) => now(callinId)?.waiting ?? null, cell: ({ callinId }) => number(now(callinId)?.waiting) },
                { id: "talking", title: t.talkingNow, end: true, cell: ({ callinId }) => number(now(callinId)?.talking) },
                { id: "agents", title: t.members, end: true, cell: ({ callinId }) => number(agents.data?.filter(({ queues: of }) => of.some(({ queueId }) => queueId === callinId)).length) },
                { id: "number", title: t.own.callinNumber, by: ({ callinNumber }) => callinNumber, cell: ({ callinNumber }) => phone(callinNumber) },
                { id: "acts", title: "", end: true, cell: (queue) => mayAct && <Remove queue={queue} /> },
              ]}
            />
          )}
        </Shown>
      </Panel>
      {making && <Create onClose={() => make(false)} />}
    </Page>
  );
}

export function toneOf(strategy: Strategy): "good" | "info" | "warn" | "bad" {
  return ({ 1: "good", 2: "info", 3: "bad", 4: "warn", 99: "bad" } as const)[strategy];
}

/** Whether callers are admitted now, by the hours and the switch "closed now". */
export function OpenState({ queueId }: { queueId: number }) {
  const t = useQueueWords();
  const hours = useHours(queueId);
  if (!hours.data) return "–";
  const { state, reason, holiday } = hours.data;
  if (state === "open") return <Badge tone="good">{t.open}</Badge>;
  return <Badge tone="bad">{reason === "holiday" && holiday ? t.closedFor(holiday) : t.closedWhy[reason!]}</Badge>;
}

function Create({ onClose }: { onClose: () => void }) {
  const t = useQueueWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const submit = async (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim();
    const { callinId } = await call(api.POST("/v1/queues/inbound", { body: { callinName: of("callinName"), strategy: Number(of("strategy")) as Strategy, ...(of("callinNumber") && { callinNumber: of("callinNumber") }) } }));
    notify(t.created(of("callinName")));
    await client.invalidateQueries({ queryKey: ["queues"] });
    await navigate({ to: "/queues/$queueId", params: { queueId: String(callinId) } as never });
  };
  return (
    <FormDialog title={t.create} act={t.create} onSubmit={submit} onClose={onClose}>
      <Field label={t.name} name="callinName" required maxLength={255} hint={t.nameHint} autoFocus />
      <Field label={t.own.callinNumber} name="callinNumber" inputMode="tel" hint={t.numberHint} />
      <Select label={t.own.strategy} name="strategy" defaultValue={1}>
        {STRATEGIES.map((one) => <option key={one} value={one}>{`${t.strategies[one]} – ${t.strategyTells[one]}`}</option>)}
      </Select>
    </FormDialog>
  );
}
