import { useQuery } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { api, call } from "../../data/api.ts";
import { secondsSince, useServerNow } from "../../data/clock.ts";
import { duration, number } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import css from "./health.module.css";
import { vi } from "./vi.ts";

type Found = components["schemas"]["Health"];
type Part = components["schemas"]["HealthPart"];

const ASK_MS = 5_000;
/** After two questions without an answer the figures are old. */
const OLD_S = 15;
const TONES: Record<Part["state"], Tone> = { ok: "good", warning: "warn", failed: "bad", unknown: "quiet" };

/** What works for the tenant, and what to do where it does not. */
export default function Health() {
  const t = useWords({ en, vi });
  const health = useQuery({
    queryKey: ["health"],
    queryFn: () => call(api.GET("/v1/health")),
    refetchInterval: ASK_MS,
  });
  return (
    <Page title={t.title} more={health.data && <span className={css["version"]}>{t.version(health.data.version)}</span>}>
      <Shown of={health}>{(found) => <State found={found} />}</Shown>
    </Page>
  );
}

function State({ found }: { found: Found }) {
  const t = useWords({ en, vi });
  useServerNow();
  const age = secondsSince(found.now);
  const columns: Column<Part>[] = [
    { id: "part", title: t.part, cell: ({ part }) => t.names[part] },
    { id: "state", title: t.state, cell: ({ state }) => <Badge tone={TONES[state]}>{t.states[state]}</Badge> },
    {
      id: "todo",
      title: t.todo,
      cell: ({ state, reason }) => (reason ? t.reasons[reason] : state === "unknown" ? t.hidden : <span className={css["nothing"]}>{t.nothing}</span>),
    },
  ];
  return (
    <>
      {age > OLD_S && <div className={css["old"]} role="alert">{t.old}</div>}
      <Panel title={t.parts} more={<Badge tone={TONES[found.state]}>{t.states[found.state]}</Badge>}>
        <Table label={t.parts} rows={found.parts} columns={columns} rowKey={({ part }) => part} />
        <dl className={css["facts"]}>
          <dt>{t.age}</dt>
          <dd>{t.ago(duration(Math.max(0, age)))}</dd>
          <dt>{t.seen}</dt>
          <dd>{found.switchSeenAt ? t.ago(duration(Math.max(0, secondsSince(found.switchSeenAt)))) : t.never}</dd>
          <dt>{t.importsOpen}</dt>
          <dd>{number(found.importsOpen)}</dd>
        </dl>
      </Panel>
    </>
  );
}
