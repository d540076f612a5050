import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { useTopic, type Topics } from "../../data/stream.ts";
import { number, percent } from "../../format/format.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Loading } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import css from "./live.module.css";
import { useLiveWords } from "./words.ts";

type Campaign = Topics["campaigns"]["campaigns"][number];
const STATUSES: Record<number, ["new" | "running" | "paused" | "stopped", Tone]> = { 1: ["new", "quiet"], 2: ["running", "good"], 3: ["paused", "warn"], 4: ["stopped", "quiet"] };

export function Campaigns() {
  const t = useLiveWords();
  const heard = useTopic("campaigns");
  const mayAct = useSession().user.role !== "viewer";
  const [pausing, pause] = useState<Campaign | null>(null);
  const path = ({ campaignId }: Campaign) => ({ params: { path: { id: campaignId } } });
  const start = async (campaign: Campaign) => {
    try {
      await call(api.POST("/v1/campaigns/{id}/start", path(campaign)));
      notify(t.done(t.act.campaignStart, campaign.campaignName));
    } catch (error) {
      notifyFailure(error);
    }
  };
  const active = ({ calls }: Campaign) => Object.values(calls).reduce<number>((sum, count) => sum + Number(count), 0);
  return (
    <Panel title={t.campaigns} live heard={heard}>
      {heard ? (
        <Table
          label={t.campaigns}
          rows={heard.data.campaigns}
          rowKey={({ campaignId }) => campaignId}
          empty={<Empty title={t.noCampaigns} />}
          columns={[
            { id: "name", title: t.campaign, by: ({ campaignName }) => campaignName, cell: ({ campaignId, campaignName }) => <Link to="/campaigns/$campaignId" params={{ campaignId: String(campaignId) } as never}>{campaignName}</Link> },
            { id: "status", title: t.state, cell: ({ status }) => { const [word, tone] = STATUSES[status] ?? ["new", "quiet"]; return <Badge tone={tone}>{t.statuses[word]}</Badge>; } },
            { id: "left", title: t.left, end: true, by: ({ contacts }) => contacts.pending, cell: ({ contacts }) => number(contacts.pending) },
            { id: "calls", title: t.calls, end: true, by: active, cell: (campaign) => number(active(campaign)) },
            { id: "talking", title: t.talking, end: true, cell: ({ calls }) => number(calls.talking) },
            { id: "answers", title: t.answerRate, end: true, cell: ({ today }) => percent(today.answerRate, 1) },
            { id: "abandoned", title: t.abandonRate, end: true, cell: ({ abandonedRate24h, pacing }) => `${percent(abandonedRate24h, 1)} / ${percent(pacing.abandonmentCapPercent, 1)}` },
            ...(mayAct
              ? [{ id: "acts", title: "", end: true, cell: (campaign: Campaign) => (
                  <div className={css["acts"]}>
                    {campaign.status === 2 && <Button kind="small" aria-label={`${t.act.campaignPause}: ${campaign.campaignName}`} onClick={() => pause(campaign)}>{t.act.campaignPause}</Button>}
                    {campaign.status === 3 && <Button kind="small" aria-label={`${t.act.campaignStart}: ${campaign.campaignName}`} onClick={() => void start(campaign)}>{t.act.campaignStart}</Button>}
                  </div>
                ) }]
              : []),
          ]}
        />
      ) : (
        <Loading />
      )}
      {pausing && (
        <Confirm
          title={t.asked.campaignPause(pausing.campaignName)}
          act={t.act.campaignPause}
          onConfirm={async () => {
            await call(api.POST("/v1/campaigns/{id}/pause", path(pausing)));
            notify(t.done(t.act.campaignPause, pausing.campaignName));
          }}
          onClose={() => pause(null)}
        />
      )}
    </Panel>
  );
}
