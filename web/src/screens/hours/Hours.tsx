import { useSession } from "../../data/session.ts";
import { Shown } from "../../parts/states.tsx";
import { Page } from "../../shell/Page.tsx";
import { useHours } from "../queues/data.ts";
import { ClosedNow } from "./ClosedNow.tsx";
import { Holidays } from "./Holidays.tsx";
import css from "./hours.module.css";
import { HoursForm } from "./HoursForm.tsx";
import { useHoursWords } from "./words.ts";

/** What holds for all queues: hours without their own, the switch of all, and the holidays. */
export default function HoursPage() {
  const t = useHoursWords();
  const mayAct = useSession().user.role !== "viewer";
  return (
    <Page title={t.title}>
      <Shown of={useHours(null)}>
        {(hours) => (
          <div className={`${css["grid"]} ${css["uneven"]}`}>
            <div className={css["column"]}>
              <ClosedNow queueId={null} hours={hours} mayAct={mayAct} />
              <HoursForm queueId={null} hours={hours} mayAct={mayAct} />
            </div>
            <Holidays mayAct={mayAct} />
          </div>
        )}
      </Shown>
    </Page>
  );
}
