import { oneOf, text, useFilters } from "../../app/search.ts";
import { useTopic } from "../../data/stream.ts";
import { useServerNow } from "../../data/clock.ts";
import { duration, number, phone } from "../../format/format.ts";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { Agents } from "./Agents.tsx";
import { Campaigns } from "./Campaigns.tsx";
import css from "./live.module.css";
import { Queues } from "./Queues.tsx";
import { useLiveWords } from "./words.ts";

const STATES = ["offline", "idle", "talking", "wrap_up", "paused", "unreachable"] as const;

/** What happens now: queues with their callers, agents, campaigns. Its filters are in the URL. */
export default function Live() {
  const t = useLiveWords();
  const [filters, change] = useFilters((search) => ({ queue: text(search, "queue"), agent: text(search, "agent"), state: oneOf(search, "state", STATES) }));
  const heard = useTopic("queues");
  const shown = heard?.data.queues.find(({ callinId }) => String(callinId) === filters.queue) ?? heard?.data.queues.find(({ waiting }) => waiting > 0) ?? heard?.data.queues[0];
  return (
    <Page title={t.title} more={heard && <span className={css["total"]}>{t.total(number(heard.data.waiting), number(heard.data.talking))}</span>}>
      <div className={css["grid"]}>
        <div className={css["wide"]}>
          <Panel title={t.queues} live heard={heard}>
            {heard ? <Queues queues={heard.data.queues} onPick={(queue) => change({ queue: String(queue) })} /> : <Loading />}
          </Panel>
        </div>
        <Agents sought={filters.agent ?? ""} onSearch={(agent) => change({ agent: agent || undefined })} />
        {shown && (
          <Panel title={t.callers(shown.callinName)} live heard={heard}>
            <Callers callers={shown.callers} readAt={heard!.readAt} />
          </Panel>
        )}
        <div className={css["wide"]}><Campaigns /></div>
      </div>
    </Page>
  );
}

type Caller = NonNullable<ReturnType<typeof useTopic<"queues">>>["data"]["queues"][number]["callers"][number];

function Callers({ callers, readAt }: { callers: Caller[]; readAt: number }) {
  const t = useLiveWords();
  const later = (useServerNow() - readAt) / 1000;
  return (
    <Table
      label={t.waiting}
      rows={callers}
      rowKey={({ callId }) => callId}
      empty={<Empty title={t.noCallers} />}
      columns={[
        { id: "position", title: t.position, cell: ({ position }) => number(position) },
        { id: "number", title: t.number, cell: ({ phoneNumber }) => phone(phoneNumber) },
        { id: "wait", title: t.wait, end: true, cell: ({ waitSec }) => duration(waitSec + Math.max(0, later)) },
      ]}
    />
  );
}
