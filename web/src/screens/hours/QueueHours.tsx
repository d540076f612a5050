import { Shown } from "../../parts/states.tsx";
import { useHours } from "../queues/data.ts";
import { ClosedNow } from "./ClosedNow.tsx";
import css from "./hours.module.css";
import { HoursForm } from "./HoursForm.tsx";

/** The hours of a queue, and whether it is open now. */
export function QueueHours({ queueId, mayAct }: { queueId: number; mayAct: boolean }) {
  return (
    <Shown of={useHours(queueId)}>
      {(hours) => (
        <div className={css["grid"]}>
          <HoursForm queueId={queueId} hours={hours} mayAct={mayAct} />
          <ClosedNow queueId={queueId} hours={hours} mayAct={mayAct} />
        </div>
      )}
    </Shown>
  );
}
