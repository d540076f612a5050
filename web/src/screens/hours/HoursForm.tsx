import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Select } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { notify } from "../../parts/toast.tsx";
import { Week } from "../../parts/Week.tsx";
import { weekOf, windowsOf } from "../../parts/week.ts";
import type { Hours } from "../queues/data.ts";
import { readDestination } from "../queues/destination.ts";
import { DestinationField } from "../queues/Destination.tsx";
import css from "./hours.module.css";
import { useHoursWords } from "./words.ts";

/** The opening hours of a queue, or of null: of all that have none of their own. */
export function HoursForm({ queueId, hours, mayAct }: { queueId: number | null; hours: Hours; mayAct: boolean }) {
  const t = useHoursWords();
  const client = useQueryClient();
  const [own, setOwn] = useState(hours.openingHours !== null);
  const [week, setWeek] = useState(() => weekOf(hours.openingHours ?? hours.effective.openingHours));
  const none = queueId === null;
  const save = async (values: FormData) => {
    const observed = String(values.get("observesHolidays"));
    const body = {
      openingHours: own ? windowsOf(week) : null,
      observesHolidays: observed ? observed === "yes" : null,
      afterHours: readDestination(values, "afterHours"),
    };
    await call(none ? api.PUT("/v1/queues/hours", { body }) : api.PUT("/v1/queues/inbound/{id}/hours", { params: { path: { id: queueId } }, body }));
    notify(t.saved);
    await client.invalidateQueries({ queryKey: ["queues"] });
  };
  return (
    <Panel title={none ? t.defaults : t.hours}>
      <div className={css["body"]}>
        <p className={css["note"]}>{t.zone(hours.timeZone)}</p>
        <Form label={t.hours} onSubmit={save} foot={(busy) => mayAct && <div className={css["acts"]}><Button type="submit" kind="primary" disabled={busy}>{t.save}</Button></div>}>
          <fieldset className={css["set"]} disabled={!mayAct}>
            <Select label={t.when} name="openingHours" value={own ? "own" : ""} onChange={(event) => setOwn(event.target.value === "own")}>
              <option value="">{none ? t.always : t.asDefaults}</option>
              <option value="own">{t.own}</option>
            </Select>
            {own && <Week week={week} onChange={setWeek} />}
            <Select label={t.holidaysClose} name="observesHolidays" defaultValue={hours.observesHolidays === null ? "" : hours.observesHolidays ? "yes" : "no"}>
              <option value="">{none ? t.ifHours : t.asDefaults}</option>
              <option value="yes">{t.yes}</option>
              <option value="no">{t.no}</option>
            </Select>
            <DestinationField label={t.afterHours} name="afterHours" none={none ? t.ends : t.asDefaults} value={hours.afterHours} />
          </fieldset>
        </Form>
      </div>
    </Panel>
  );
}
