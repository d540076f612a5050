import { useEffect, useState, useSyncExternalStore } from "react";
import { useSession } from "../../data/session.ts";
import { Badge, type Tone } from "../../parts/Badge.tsx";
import { Button } from "../../parts/Button.tsx";
import { Select } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import type { Agent } from "./data.ts";
import css from "./desk.module.css";
import { stayAwake } from "./phone/awake.ts";
import { phone } from "./phone/phone.ts";
import { ringtone } from "./phone/ringtone.ts";
import { retries, secureAddress, shown, takes, type Status } from "./phone/status.ts";
import { tryMicrophone, type Step } from "./phone/trial.ts";
import { useDeskWords } from "./words.ts";

const TONES: Partial<Record<Status, Tone>> = { ready: "good", connected: "good", ringing: "info", connecting: "info", asking: "warn", signing_on: "info", checking: "info" };
const LEVEL_MS = 200;

/** The phone of this browser, as it is now. */
export function usePhone() {
  return useSyncExternalStore(phone.subscribe, phone.shown);
}

/** The phone in this browser: whether it works, its microphone, and what to do when it does not. */
export function PhonePanel({ agent }: { agent: Agent }) {
  const t = useDeskWords().phone;
  const { csrfToken } = useSession();
  const { status, roundTrip } = usePhone();
  const { agentId, mode, state } = agent;
  useEffect(() => phone.start(agentId, csrfToken), [agentId, csrfToken]);
  useEffect(() => {
    if (state === "offline") phone.over();
  }, [state]);
  const works = status === "ready" || status === "connected" || status === "ringing";
  const mayBeCalled = works && state !== "offline" && state !== "paused";
  useEffect(() => {
    if (mayBeCalled) return stayAwake(document, navigator.wakeLock && (() => navigator.wakeLock.request("screen")));
  }, [mayBeCalled]);
  if (!shown(status)) return null;
  const help: Partial<Record<Status, string>> = t.help;
  return (
    <Panel title={t.title}>
      <div className={css["body"]}>
        <div className={css["state"]} role="status" aria-live="polite">
          <Badge tone={TONES[status] ?? "bad"}>{t.states[status]}</Badge>
          {works && roundTrip !== null && <span className={css["muted"]}>{t.roundTrip(String(roundTrip))}</span>}
        </div>
        {help[status] && <p>{help[status]}</p>}
        {status === "insecure" && <p>{t.insecure(secureAddress(location.href))}</p>}
        {works && <Microphone />}
        {status === "ready" && <Trial />}
        {works && mode === "ring" && <Ringer />}
        <div className={css["acts"]}>
          {status === "ringing" && <Button kind="primary" onClick={() => phone.answer()}>{t.answer}</Button>}
          {takes(status) && <Button kind="primary" onClick={() => phone.start(agentId, csrfToken, true)}>{t.take}</Button>}
          {retries(status) && <Button kind="primary" onClick={() => phone.again()}>{t.again}</Button>}
        </div>
      </div>
    </Panel>
  );
}

/** Lets the agent hear what callers will hear, before there is any. */
function Trial() {
  const t = useDeskWords().phone;
  const [step, setStep] = useState<Step>();
  const begin = (): void => {
    const microphone = phone.microphone();
    if (microphone) void tryMicrophone(microphone, setStep);
  };
  return (
    <div className={css["acts"]}>
      <Button disabled={step === "speak" || step === "listen"} onClick={begin}>{t.tryMicrophone}</Button>
      <span aria-live="polite" className={step === "silent" ? css["wrong"] : css["muted"]}>{step && t.trial[step]}</span>
    </div>
  );
}

/** Where the phone rings, and how it sounds there. */
function Ringer() {
  const t = useDeskWords().phone;
  const [found, setFound] = useState<Awaited<ReturnType<typeof ringtone.outputs>>>();
  useEffect(() => {
    const look = (): void => void ringtone.outputs().then(setFound);
    look();
    navigator.mediaDevices.addEventListener("devicechange", look);
    return () => navigator.mediaDevices.removeEventListener("devicechange", look);
  }, []);
  const named = found?.devices.filter(({ deviceId }) => deviceId) ?? [];
  const choose = (deviceId: string): void => {
    ringtone.choose(deviceId);
    void ringtone.outputs().then(setFound);
  };
  return (
    <div className={css["line"]}>
      {found && named.length > 1 && (
        <Select label={t.ringsOn} value={found.used} onChange={({ target }) => choose(target.value)}>
          <option value="">{t.systemOutput}</option>
          {named.map(({ deviceId, label }) => <option key={deviceId} value={deviceId}>{label}</option>)}
        </Select>
      )}
      <Button onClick={() => ringtone.start(true)}>{t.tryRingtone}</Button>
    </div>
  );
}

function Microphone() {
  const t = useDeskWords().phone;
  const [loud, setLoud] = useState(0);
  const [found, setFound] = useState<Awaited<ReturnType<typeof phone.microphones>>>();
  useEffect(() => {
    const look = (): void => void phone.microphones().then(setFound);
    look();
    navigator.mediaDevices.addEventListener("devicechange", look);
    const timer = setInterval(() => setLoud(phone.level() ?? 0), LEVEL_MS);
    return () => {
      clearInterval(timer);
      navigator.mediaDevices.removeEventListener("devicechange", look);
    };
  }, []);
  const named = found?.devices.filter(({ deviceId }) => deviceId) ?? [];
  return (
    <>
      <label className={css["meter"]}>
        {t.microphone}
        <meter min={0} max={1} value={loud} aria-label={t.loudness} />
      </label>
      {named.length > 1 && (
        <Select label={t.choose} value={found?.used ?? ""} onChange={({ target }) => void phone.choose(target.value).then(() => phone.microphones().then(setFound))}>
          {named.map(({ deviceId, label }) => <option key={deviceId} value={deviceId}>{label}</option>)}
        </Select>
      )}
    </>
  );
}
