import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { dateTime } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import type { Hours } from "../queues/data.ts";
import css from "./hours.module.css";
import { useHoursWords } from "./words.ts";

/** Whether a queue is open and until when, and the switch "closed now"; of null: the one of all queues. */
export function ClosedNow({ queueId, hours, mayAct }: { queueId: number | null; hours: Hours; mayAct: boolean }) {
  const t = useHoursWords();
  const client = useQueryClient();
  const [asked, ask] = useState(false);
  const all = queueId === null;
  const act = all ? t.closeAll : t.closeNow;
  const again = () => client.invalidateQueries({ queryKey: ["queues"] });
  const close = async (values: FormData) => {
    const until = String(values.get("until"));
    const body = { note: String(values.get("note")).trim() || null, until: until ? new Date(until).toISOString() : null };
    await call(all ? api.PUT("/v1/queues/closed", { body }) : api.PUT("/v1/queues/inbound/{id}/closed", { params: { path: { id: queueId } }, body }));
    notify(t.closedDone);
    await again();
  };
  const open = async () => {
    await call(all ? api.DELETE("/v1/queues/closed") : api.DELETE("/v1/queues/inbound/{id}/closed", { params: { path: { id: queueId } } }));
    notify(t.openedDone);
    await again();
  };
  const why = hours.reason && (hours.holiday ?? t.closedWhy[hours.reason]);
  return (
    <Panel title={t.now}>
      <div className={css["body"]}>
        <div className={css["span"]}>
          <Badge tone={hours.state === "open" ? "good" : "bad"}>{hours.state === "open" ? t.open : t.closed}</Badge>
          <span>{[why, hours.until && t.until(dateTime(hours.until, hours.timeZone))].filter(Boolean).join(", ")}</span>
        </div>
        {hours.closed?.note && <p>{hours.closed.note}</p>}
        {!all && hours.reason === "closed_now" && !hours.closed && <p>{t.byCompany}</p>}
        {mayAct && <div>{hours.closed ? <Button kind="primary" onClick={() => void open().catch(notifyFailure)}>{t.openAgain}</Button> : <Button kind="danger" onClick={() => ask(true)}>{act}</Button>}</div>}
      </div>
      {asked && (
        <FormDialog title={act} act={act} onSubmit={close} onClose={() => ask(false)}>
          <p>{t.closing}</p>
          <Field label={t.note} name="note" maxLength={255} autoFocus />
          <Field label={t.opensAt} name="until" type="datetime-local" hint={t.opensHint} />
        </FormDialog>
      )}
    </Panel>
  );
}
