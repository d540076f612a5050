import type { Topics } from "../../data/stream.ts";
import { duration, number, percent } from "../../format/format.ts";
import { Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import css from "./live.module.css";
import { useLiveWords } from "./words.ts";

type Queue = Topics["queues"]["queues"][number];

export function Queues({ queues, onPick }: { queues: Queue[]; onPick: (queueId: number) => void }) {
  const t = useLiveWords();
  const hot = ({ longestWaitSec, serviceLevelSec }: Queue) => (longestWaitSec ?? 0) > serviceLevelSec;
  return (
    <Table
      label={t.queues}
      rows={queues}
      rowKey={({ callinId }) => callinId}
      empty={<Empty title={t.noQueues} />}
      columns={[
        { id: "name", title: t.queue, by: ({ callinName }) => callinName, cell: ({ callinId, callinName }) => <button type="button" className={css["pick"]} onClick={() => onPick(callinId)}>{callinName}</button> },
        { id: "waiting", title: t.waiting, end: true, by: ({ waiting }) => waiting, cell: ({ waiting }) => number(waiting) },
        { id: "longest", title: t.longest, end: true, by: ({ longestWaitSec }) => longestWaitSec ?? null, cell: (queue) => <span className={hot(queue) ? css["hot"] : ""}>{hot(queue) ? "▲ " : ""}{duration(queue.longestWaitSec)}</span> },
        { id: "talking", title: t.talking, end: true, by: ({ talking }) => talking, cell: ({ talking }) => number(talking) },
        { id: "idle", title: t.idle, end: true, cell: ({ agents }) => number(agents["idle"] ?? 0) },
        { id: "callbacks", title: t.callbacks, end: true, cell: ({ callbacks }) => number(callbacks) },
        { id: "today", title: t.serviceToday, end: true, by: ({ today }) => today.serviceLevelOfOffered ?? null, cell: ({ today }) => percent(today.serviceLevelOfOffered) },
        { id: "recent", title: t.service30, end: true, cell: ({ last30Min }) => percent(last30Min.serviceLevelOfOffered) },
        { id: "abandoned", title: t.abandoned, end: true, cell: ({ today }) => number(today.abandoned) },
      ]}
    />
  );
}
