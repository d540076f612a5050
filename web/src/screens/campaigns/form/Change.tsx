import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../../data/api.ts";
import { Button } from "../../../parts/Button.tsx";
import { Form } from "../../../parts/Form.tsx";
import { Shown } from "../../../parts/states.tsx";
import { notify } from "../../../parts/toast.tsx";
import { weekOf, type Window } from "../../../parts/week.ts";
import { usePartWords } from "../../../parts/words.ts";
import { Page } from "../../../shell/Page.tsx";
import { useCampaignWords } from "../words.ts";
import { Fields } from "./Fields.tsx";
import css from "./form.module.css";
import { changed, settingsOf, type Detail } from "./settings.ts";
import { useFormWords } from "./words.ts";

/** Change the settings of a campaign, running ones too: they hold for the next calls. */
export default function Change() {
  const id = Number((useParams({ strict: false }) as { campaignId: string }).campaignId);
  const campaign = useQuery({ queryKey: ["campaigns", id], queryFn: () => call(api.GET("/v1/campaigns/{id}", { params: { path: { id } } })) });
  return <Shown of={campaign}>{(found) => <Settings key={id} campaign={found} />}</Shown>;
}

function Settings({ campaign }: { campaign: Detail }) {
  const t = useFormWords();
  const words = useCampaignWords();
  const parts = usePartWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [now] = useState(campaign); // what the form shows: a change of somebody else meanwhile is not undone
  const [own, setOwn] = useState(() => now.callingWindows && weekOf(now.callingWindows as Window[]));
  const back = () => navigate({ to: "/campaigns/$campaignId", params: { campaignId: String(now.campaignId) } as never });
  const submit = async (values: FormData) => {
    const body = changed(now, settingsOf(values, own));
    if (Object.keys(body).length) await call(api.PATCH("/v1/campaigns/{id}", { params: { path: { id: now.campaignId } }, body }));
    await client.invalidateQueries({ queryKey: ["campaigns"] });
    notify(words.saved);
    await back();
  };
  return (
    <Page title={t.settingsOf(now.campaignName)}>
      <Form label={words.settings} onSubmit={submit} foot={(busy) => (
        <div className={css["foot"]}>
          <Button onClick={() => void back()}>{parts.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy}>{words.save}</Button>
        </div>
      )}>
        <Fields now={now} own={own} onHours={setOwn} usualHours={weekOf(now.effectiveWindows as Window[])} isNew={false} />
      </Form>
    </Page>
  );
}
