import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { oneOf, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Shown } from "../../parts/states.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { Page } from "../../shell/Page.tsx";
import { QueueHours } from "../hours/QueueHours.tsx";
import { OpenState, toneOf } from "./List.tsx";
import { Members } from "./Members.tsx";
import css from "./queues.module.css";
import { Remove } from "./Remove.tsx";
import { Settings } from "./Settings.tsx";
import { useQueueWords } from "./words.ts";

const TABS = ["settings", "hours", "members"] as const;

/** One queue: its settings, its hours and its agents. The tab is in the URL. */
export default function QueuePage() {
  const t = useQueueWords();
  const navigate = useNavigate();
  const mayAct = useSession().user.role !== "viewer";
  const id = Number((useParams({ strict: false }) as { queueId: string }).queueId);
  const [{ tab }, change] = useFilters((search) => ({ tab: oneOf(search, "tab", TABS) }));
  const shown = tab ?? "settings";
  const queue = useQuery({ queryKey: ["queues", id], queryFn: () => call(api.GET("/v1/queues/inbound/{id}", { params: { path: { id } } })) });
  return (
    <Shown of={queue}>
      {(found) => (
        <Page
          title={found.callinName}
          more={(
            <div className={css["acts"]}>
              <Badge tone={toneOf(found.strategy)}>{t.strategies[found.strategy]}</Badge>
              <OpenState queueId={id} />
              <Link to="/queues">{t.title}</Link>
              {mayAct && <Remove queue={found} onRemoved={() => navigate({ to: "/queues" })} />}
            </div>
          )}
        >
          <Tabs label={found.callinName} tabs={TABS.map((one) => [one, t.tabs[one]] as const)} shown={shown} onShow={(one) => change({ tab: one })}>
            {shown === "settings" && <Settings queue={found} mayAct={mayAct} />}
            {shown === "hours" && <QueueHours queueId={id} mayAct={mayAct} />}
            {shown === "members" && <Members queue={found} mayAct={mayAct} />}
          </Tabs>
        </Page>
      )}
    </Shown>
  );
}
