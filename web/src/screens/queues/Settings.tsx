import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Check, Field, Select } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Shown } from "../../parts/states.tsx";
import { notify } from "../../parts/toast.tsx";
import { writeSkills } from "../agents/skills.ts";
import { STRATEGIES, useMenus, useSounds, type Queue, type Settings as Kept } from "./data.ts";
import { DestinationField } from "./Destination.tsx";
import css from "./queues.module.css";
import { changedOwn, changedSettings, GROUPS, type Kind } from "./settings.ts";
import { useQueueWords } from "./words.ts";
import { WrapUp } from "./WrapUp.tsx";

const SELECTORS = ["longest_idle", "fewest_calls", "least_talk", "round_robin", "linear", "random", "ring_all"] as const;
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"];

/** All settings of a queue, in groups that are saved each by itself. */
export function Settings({ queue, mayAct }: { queue: Queue; mayAct: boolean }) {
  const id = queue.callinId;
  const settings = useQuery({ queryKey: ["queues", id, "settings"], queryFn: () => call(api.GET("/v1/queues/inbound/{id}/settings", { params: { path: { id } } })) });
  return (
    <Shown of={settings}>
      {(found) => (
        <div className={css["grid"]}>
          <div className={css["column"]}>
            <OwnSettings queue={queue} mayAct={mayAct} />
            <Group at={0} id={id} settings={found} mayAct={mayAct} />
            <Group at={3} id={id} settings={found} mayAct={mayAct} />
            <WrapUp id={id} mayAct={mayAct} />
          </div>
          <div className={css["column"]}>
            <Group at={1} id={id} settings={found} mayAct={mayAct} />
            <Group at={2} id={id} settings={found} mayAct={mayAct} />
            <Group at={4} id={id} settings={found} mayAct={mayAct} />
          </div>
        </div>
      )}
    </Shown>
  );
}

/** A panel with a form of settings; for a viewer it can be read alone. */
export function Saved({ title, mayAct, onSave, children }: { title: string; mayAct: boolean; onSave: (values: FormData) => Promise<boolean>; children: ReactNode }) {
  const t = useQueueWords();
  const save = async (values: FormData) => notify((await onSave(values)) ? t.saved(title) : t.sameAsBefore);
  return (
    <Panel title={title}>
      <div className={css["body"]}>
        <Form label={title} onSubmit={save} foot={(busy) => mayAct && <div className={css["acts"]}><Button type="submit" kind="primary" aria-label={`${t.save}: ${title}`} disabled={busy}>{t.save}</Button></div>}>
          <fieldset className={css["set"]} disabled={!mayAct}>{children}</fieldset>
        </Form>
      </div>
    </Panel>
  );
}

function OwnSettings({ queue, mayAct }: { queue: Queue; mayAct: boolean }) {
  const t = useQueueWords();
  const client = useQueryClient();
  const sounds = useSounds();
  const list = useId();
  const save = async (values: FormData) => {
    const body = changedOwn(queue, values);
    if (!Object.keys(body).length) return false;
    await call(api.PUT("/v1/queues/inbound/{id}", { params: { path: { id: queue.callinId } }, body }));
    await client.invalidateQueries({ queryKey: ["queues"] });
    return true;
  };
  return (
    <Saved title={t.groups.own} mayAct={mayAct} onSave={save}>
      <div className={css["wide"]}>
        <Select label={t.own.strategy} name="strategy" defaultValue={queue.strategy}>
          {STRATEGIES.map((one) => <option key={one} value={one}>{`${t.strategies[one]} – ${t.strategyTells[one]}`}</option>)}
        </Select>
      </div>
      <Field label={t.own.callinNumber} name="callinNumber" inputMode="tel" defaultValue={queue.callinNumber ?? ""} hint={t.numberHint} />
      <Field label={t.own.moh_file_id} name="moh_file_id" list={list} defaultValue={queue.musicinQueue ?? ""} hint={t.musicHint} />
      <datalist id={list}>{sounds.data?.filter(({ kind }) => kind === "music").map(({ soundId, name }) => <option key={soundId} value={name} />)}</datalist>
      <Field label={t.own.max_wait_sec} name="max_wait_sec" inputMode="numeric" defaultValue={queue.timeWait ?? ""} hint={t.maxWaitHint} />
      <Select label={t.own.announce_position} name="announce_position" defaultValue={queue.nguongRanhRoi ?? ""}>
        <option value="">{t.asDefault}</option>
        <option value="1">{t.yes}</option>
        <option value="0">{t.no}</option>
      </Select>
    </Saved>
  );
}

function Group({ at, id, settings, mayAct }: { at: number; id: number; settings: Kept; mayAct: boolean }) {
  const t = useQueueWords();
  const client = useQueryClient();
  const { id: group, fields } = GROUPS[at]!;
  const save = async (values: FormData) => {
    const body = changedSettings(settings, values, fields);
    if (!Object.keys(body).length) return false;
    await call(api.PATCH("/v1/queues/inbound/{id}/settings", { params: { path: { id } }, body: body as never }));
    await client.invalidateQueries({ queryKey: ["queues"] });
    return true;
  };
  return (
    <Saved title={t.groups[group]} mayAct={mayAct} onSave={save}>
      {fields.map(([name, kind]) => <Setting key={name} name={name} kind={kind} settings={settings} />)}
    </Saved>
  );
}

function Setting({ name, kind, settings }: { name: keyof Kept; kind: Kind; settings: Kept }) {
  const t = useQueueWords();
  const menus = useMenus();
  const at = { label: t.fields[name], name, hint: (t.hints as Partial<Record<string, string>>)[name] };
  const value = settings[name];
  const written = value === null ? "" : (value as string | number);
  switch (kind) {
    case "count": return <Field {...at} type="number" min={0} required defaultValue={written} />;
    case "countOrNone": return <Field {...at} type="number" min={0} defaultValue={written} />;
    case "yesNo": return <Check {...at} defaultChecked={value as boolean} />;
    case "destination": return <DestinationField {...at} none={name === "divertTo" ? t.refused : t.ends} value={value as Kept["overflow"]} />;
    case "skills": return <Field {...at} defaultValue={writeSkills(settings.skills)} />;
    case "menu": return (
      <Select {...at} key={menus.data?.length} defaultValue={written}>
        <option value="">{t.noMenu}</option>
        {menus.data?.map(({ menuId, name: of }) => <option key={menuId} value={menuId}>{of}</option>)}
      </Select>
    );
    case "selector": return <Choice {...at} value={written || "longest_idle"} of={SELECTORS.map((one) => [one, t.selectors[one]])} />;
    case "language": return <Choice {...at} value={written} of={[["", t.ofCountry], ["vi", t.languages.vi], ["en", t.languages.en]]} />;
    case "key": return <Choice {...at} value={written} of={KEYS.map((one) => [one, one])} />;
    case "callbackMode": return <Choice {...at} value={written} of={[["agent_first", t.callbackModes.agent_first], ["customer_first", t.callbackModes.customer_first]]} />;
    case "sound": return <Field {...at} defaultValue={written} />;
    case "recording": return <Choice {...at} value={written} of={[["off", t.recordings.off], ["all", t.recordings.all]]} />;
  }
}

function Choice({ value, of, ...rest }: { label: string; name: string; hint?: string | undefined; value: string | number; of: readonly (readonly [string, string])[] }) {
  return <Select {...rest} defaultValue={value}>{of.map(([one, title]) => <option key={one} value={one}>{title}</option>)}</Select>;
}
