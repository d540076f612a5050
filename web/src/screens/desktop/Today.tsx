import { clock, duration, number } from "../../format/format.ts";
import { Panel } from "../../parts/Panel.tsx";
import { Loading } from "../../parts/states.tsx";
import { useToday } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

/** The agent's own figures since midnight of the company. */
export function Today({ agentId }: { agentId: number }) {
  const words = useDeskWords();
  const t = words.today;
  const heard = useToday(agentId).data;
  if (!heard) return <Panel title={t.title}><Loading /></Panel>;
  const { callsIn, callsOut, talkSec, holdSec, wrapUpSec, offers, missedOffers, states, now, zone } = heard.data;
  const pauses = Object.entries(states.pauses).sort(([, one], [, other]) => other - one);
  const facts = [
    [t.signedIn, duration(states.signedInSec)], [t.idle, duration(states.idleSec)], [t.paused, duration(states.pausedSec)],
    [t.callsIn, number(callsIn)], [t.callsOut, number(callsOut)], [t.talk, duration(talkSec)], [t.hold, duration(holdSec)],
    [t.wrapUp, duration(wrapUpSec)], [t.missed, t.missedOf(number(missedOffers), number(offers))],
  ] as const;
  return (
    <Panel title={t.title}>
      <dl className={css["day"]}>
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {pauses.length > 0 && (
        <>
          <h3 className={css["pauses"]}>{t.pauses}</h3>
          <dl className={css["day"]}>
            {pauses.map(([reason, seconds]) => <div key={reason}><dt>{reason === "no_answer" ? words.unanswered : reason}</dt><dd>{duration(seconds)}</dd></div>)}
          </dl>
        </>
      )}
      <p className={css["asOf"]}>{t.asOf(clock(now, zone), zone)}</p>
    </Panel>
  );
}
