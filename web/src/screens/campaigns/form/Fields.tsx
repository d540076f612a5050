import { useState, type ReactNode } from "react";
import { Cell, Field, Select } from "../../../parts/Field.tsx";
import { Panel } from "../../../parts/Panel.tsx";
import { Week } from "../../../parts/Week.tsx";
import { type Week as Hours } from "../../../parts/week.ts";
import { useQueues } from "../../agents/data.ts";
import { useCampaignWords } from "../words.ts";
import css from "./form.module.css";
import { CEILINGS, OUTCOMES, RETRIES, type Settings } from "./settings.ts";
import { useFormWords } from "./words.ts";

type Asked = { now: Settings; own: Hours | null; onHours: (week: Hours | null) => void; usualHours: Hours; isNew: boolean };

/** The fields of all settings of a campaign, in groups. What a way of dialling has no use for is not shown. */
export function Fields({ now, own, onHours, usualHours, isNew }: Asked) {
  const t = useFormWords();
  const words = useCampaignWords();
  const [mode, setMode] = useState(now.dialingMode);
  const queues = useQueues();
  const many = (name: "maxConcurrentCalls" | "callsPerSecond" | "ringTimeoutSec" | "priority" | "abandonmentCapPercent", hint?: string) => (
    <Field label={words.fields[name]} name={name} type="number" step={name === "abandonmentCapPercent" ? "any" : 1} required defaultValue={now[name]} hint={hint} />
  );
  return (
    <div className={css["grid"]}>
      <div className={css["column"]}>
        <Group title={t.groups.name}>
          <div className={css["wide"]}><Field label={t.campaignName} name="campaignName" defaultValue={now.campaignName} required maxLength={255} /></div>
          <Choice label={words.fixed.purpose} name="purpose" value={now.purpose} of={Object.entries(words.purposes)} />
          <Field label={t.userName} name="userName" defaultValue={now.userName ?? ""} maxLength={255} />
          {isNew && <Field label={t.type} name="type" defaultValue="CAMPAIGN_CALL_AUTO" required hint={t.typeHint} />}
        </Group>
        <Group title={t.groups.who}>
          <div className={css["wide"]}>
            <Select label={words.fixed.dialingMode} name="dialingMode" value={mode} onChange={(event) => setMode(event.target.value as typeof mode)}>
              {Object.entries(words.modes).map(([value, name]) => <option key={value} value={value}>{`${name} – ${t.modeTells[value as typeof mode]}`}</option>)}
            </Select>
          </div>
          {mode === "agentless" ? (
            <div className={css["wide"]}><Field label={t.audioFile} name="audioFile" defaultValue={now.audioFile ?? ""} hint={t.audioHint} /></div>
          ) : (
            <>
              <Select key={queues.data?.length} label={t.queueId} name="queueId" defaultValue={now.queueId ?? ""} hint={t.queueHint}>
                <option value="">{t.noQueue}</option>
                {queues.data?.map(({ callinId, callinName }) => <option key={callinId} value={callinId}>{callinName}</option>)}
              </Select>
              {many("abandonmentCapPercent")}
              <div className={css["wide"]}><Field label={t.abandonFile} name="abandonFile" defaultValue={now.abandonFile ?? ""} hint={t.abandonHint} /></div>
            </>
          )}
          <Choice label={words.fixed.machineDetection} name="machineDetection" value={now.machineDetection} of={Object.entries(words.detection)} />
          <Choice label={words.fixed.recording} name="recording" value={now.recording} of={Object.entries(words.recordings)} />
          {mode !== "agentless" && <div className={css["wide"]}><Field label={t.recordingAnnouncement} name="recordingAnnouncement" defaultValue={now.recordingAnnouncement ?? ""} hint={t.announcementHint} /></div>}
        </Group>
        <Group title={t.groups.line}>
          <Field label={words.fields.callerId} name="callerId" defaultValue={now.callerId ?? ""} inputMode="tel" hint={t.callerHint} />
          <Field label={t.trunk} name="trunk" defaultValue={now.trunk ?? ""} hint={t.trunkHint} />
          {many("maxConcurrentCalls")}
          {many("callsPerSecond")}
          {many("ringTimeoutSec")}
          {many("priority", t.priorityHint)}
        </Group>
      </div>
      <div className={css["column"]}>
        <Group title={t.groups.hours}>
          <Choice label={words.fixed.preset} name="preset" value={isNew ? "" : now.preset} hint={t.presetHint} of={[...(isNew ? [["", t.byPurpose] as const] : []), ...Object.entries(words.presets)]} />
          <Select label={t.windows} name="callingWindows" value={own ? "own" : ""} onChange={(event) => onHours(event.target.value ? usualHours : null)} hint={t.hoursHint}>
            <option value="">{t.ofPreset}</option>
            <option value="own">{t.own}</option>
          </Select>
          {own && <div className={css["wide"]}><Week week={own} onChange={onHours} /></div>}
        </Group>
        <Group title={t.groups.again}>
          <p className={css["note"]}>{t.usual}</p>
          <table className={css["rules"]}>
            <thead><tr><th scope="col">{words.outcome}</th><th scope="col">{t.times}</th><th scope="col">{t.afterMin}</th></tr></thead>
            <tbody>
              {OUTCOMES.map((outcome) => (
                <tr key={outcome}>
                  <th scope="row">{words.outcomeNames[outcome]}</th>
                  {(["times", "afterMin"] as const).map((part) => (
                    <td key={part}>
                      <Cell
                        label={(part === "times" ? t.timesOf : t.afterOf)(words.outcomeNames[outcome])} name={`retryRules.${outcome}.${part}`} type="number" min={0}
                        defaultValue={now.retryRules?.[outcome]?.[part] ?? ""} placeholder={String(RETRIES[outcome][part])}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Group>
        <Group title={t.groups.often}>
          <table className={css["rules"]}>
            <thead><tr><th scope="col" /><th scope="col">{t.calls}</th><th scope="col">{t.hours}</th></tr></thead>
            <tbody>
              {CEILINGS.map((name) => (
                <tr key={name}>
                  <th scope="row">{t.ceilings[name]}</th>
                  <td><Cell label={t.callsOf(t.ceilings[name])} name={`${name}.calls`} type="number" min={0} defaultValue={now[name]?.calls ?? ""} placeholder={t.noLimit} /></td>
                  <td><Cell label={t.hoursOf(t.ceilings[name])} name={`${name}.periodHours`} type="number" min={0} defaultValue={now[name]?.periodHours ?? ""} placeholder={name === "contactCeiling" ? t.forEver : ""} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Group>
      </div>
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return <Panel title={title}><div className={css["body"]}>{children}</div></Panel>;
}

function Choice({ value, of, ...rest }: { label: string; name: string; hint?: string; value: string; of: readonly (readonly [string, string])[] }) {
  return <Select {...rest} defaultValue={value}>{of.map(([one, title]) => <option key={one} value={one}>{title}</option>)}</Select>;
}
