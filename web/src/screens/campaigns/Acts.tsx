import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { notify } from "../../parts/toast.tsx";
import { actsFor, type Act } from "./states.ts";
import { useCampaignWords } from "./words.ts";

type Campaign = { campaignId: number; campaignName: string; status: 1 | 2 | 3 | 4 };

function done(act: Act, id: number): Promise<unknown> {
  const path = { params: { path: { id } } };
  if (act === "pause") return call(api.POST("/v1/campaigns/{id}/pause", path));
  return act === "stop" ? call(api.POST("/v1/campaigns/{id}/stop", path)) : call(api.POST("/v1/campaigns/{id}/start", path));
}

/** Start, pause, resume and stop: what the status of the campaign allows. A viewer has none. */
export function Acts({ campaign }: { campaign: Campaign }) {
  const t = useCampaignWords();
  const client = useQueryClient();
  const [asked, ask] = useState<Act | null>(null);
  if (useSession().user.role === "viewer") return null;
  return (
    <>
      {actsFor(campaign.status).map((act) => (
        <Button key={act} kind={act === "stop" ? "danger" : act === "pause" ? "" : "primary"} onClick={() => ask(act)}>{t.acts[act]}</Button>
      ))}
      {asked && (
        <Confirm
          title={t.asked[asked](campaign.campaignName)}
          text={asked === "stop" ? t.stopText : undefined}
          act={t.acts[asked]}
          danger={asked === "stop"}
          onConfirm={async () => {
            await done(asked, campaign.campaignId);
            notify(t.done(t.acts[asked], campaign.campaignName));
            await client.invalidateQueries({ queryKey: ["campaigns"] });
          }}
          onClose={() => ask(null)}
        />
      )}
    </>
  );
}

