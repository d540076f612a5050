import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { components } from "../../api/schema.d.ts";
import { api, ApiError, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Failure } from "../../parts/states.tsx";
import { notify } from "../../parts/toast.tsx";
import { usePartWords } from "../../parts/words.ts";
import css from "./campaigns.module.css";
import { changed, NUMBERS } from "./change.ts";
import { useCampaignWords } from "./words.ts";

type Detail = components["schemas"]["CampaignDetail"];

/** Change the settings that are a text or a number. Only what differs is sent, so that nothing else is undone. */
export function Settings({ campaign, onClose }: { campaign: Detail; onClose: () => void }) {
  const t = useCampaignWords();
  const parts = usePartWords();
  const client = useQueryClient();
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const change = changed(campaign, Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>);
    setBusy(true);
    try {
      if (Object.keys(change).length) await call(api.PATCH("/v1/campaigns/{id}", { params: { path: { id: campaign.campaignId } }, body: change }));
      await client.invalidateQueries({ queryKey: ["campaigns"] });
      notify(t.saved);
      onClose();
    } catch (error) {
      setFailed(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t.change} onClose={onClose}>
      <form className={css["form"]} onSubmit={(event) => void submit(event)}>
        {failed !== null && (failed instanceof ApiError && failed.status === 400 ? <p role="alert" className={css["over"]}>{failed.message}</p> : <Failure error={failed} />)}
        <Field label={t.fields.campaignName} name="campaignName" defaultValue={campaign.campaignName} required maxLength={255} autoFocus />
        <Field label={t.fields.callerId} name="callerId" defaultValue={campaign.callerId ?? ""} inputMode="tel" />
        {NUMBERS.map((name) => <Field key={name} label={t.fields[name]} name={name} type="number" step={name === "abandonmentCapPercent" ? "any" : 1} required defaultValue={campaign[name]} />)}
        <div className={css["acts"]}>
          <Button onClick={onClose}>{parts.cancel}</Button>
          <Button kind="primary" type="submit" disabled={busy}>{t.save}</Button>
        </div>
      </form>
    </Dialog>
  );
}
