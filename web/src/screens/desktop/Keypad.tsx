import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { useAct } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

const KEYS = [..."123456789*0#"];

/** Keys for the customer's side to hear: one at a time, or several that were typed. */
export function Keypad({ callId, onClose }: { callId: string; onClose: () => void }) {
  const t = useDeskWords();
  const act = useAct();
  const [typed, setTyped] = useState("");
  const press = (digits: string) => act.mutate(() => call(api.POST("/v1/calls/{callId}/dtmf", { params: { path: { callId } }, body: { digits } })));
  return (
    <Dialog title={t.keypad} onClose={onClose}>
      <div className={css["keypad"]}>
        {KEYS.map((key) => <Button key={key} disabled={act.isPending} onClick={() => press(key)}>{key}</Button>)}
      </div>
      <form className={css["line"]} onSubmit={(event) => { event.preventDefault(); if (typed) { press(typed); setTyped(""); } }}>
        <Field label={t.digits} value={typed} inputMode="tel" maxLength={32} onChange={({ target }) => setTyped(target.value.replace(/[^0-9*#]/g, ""))} />
        <Button type="submit" disabled={!typed || act.isPending}>{t.send}</Button>
      </form>
      <div className={css["ends"]}><Button onClick={onClose}>{t.close}</Button></div>
    </Dialog>
  );
}
