import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../../data/api.ts";
import { Button } from "../../../parts/Button.tsx";
import { Form } from "../../../parts/Form.tsx";
import { notify, notifyFailure } from "../../../parts/toast.tsx";
import { weekOf, type Week } from "../../../parts/week.ts";
import { usePartWords } from "../../../parts/words.ts";
import { Page } from "../../../shell/Page.tsx";
import { useCampaignWords } from "../words.ts";
import { Fields } from "./Fields.tsx";
import css from "./form.module.css";
import { NEW, settingsOf } from "./settings.ts";
import { useFormWords } from "./words.ts";

const OFFICE = weekOf([{ days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "17:30" }]);

/** Create a campaign. What the form shows is sent, but for the rules, where the server knows what purpose and country ask. */
export default function New() {
  const t = useFormWords();
  const words = useCampaignWords();
  const parts = usePartWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [own, setOwn] = useState<Week | null>(null);
  const submit = async (values: FormData) => {
    const { preset, ...shown } = { ...NEW, ...settingsOf(values, own) };
    const body = { ...shown, type: String(values.get("type")).trim(), ...(values.get("preset") ? { preset } : {}) };
    const { campaignId, missingSounds } = await call(api.POST("/v1/campaigns", { body }));
    notify(t.created(shown.campaignName));
    if (missingSounds.length) notifyFailure(t.missing(missingSounds.join(", ")));
    await client.invalidateQueries({ queryKey: ["campaigns"] });
    await navigate({ to: "/campaigns/$campaignId", params: { campaignId: String(campaignId) } as never });
  };
  return (
    <Page title={words.create} more={<Link to="/campaigns">{words.title}</Link>}>
      <Form label={words.create} onSubmit={submit} foot={(busy) => (
        <div className={css["foot"]}>
          <Button onClick={() => void navigate({ to: "/campaigns" })}>{parts.cancel}</Button>
          <Button type="submit" kind="primary" disabled={busy}>{t.createAct}</Button>
        </div>
      )}>
        <Fields now={NEW} own={own} onHours={setOwn} usualHours={OFFICE} isNew />
      </Form>
    </Page>
  );
}
