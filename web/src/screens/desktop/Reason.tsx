import { useState } from "react";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

const MAX_LENGTH = 64;

type Asked = { title: string; reasons: readonly string[]; act: string; onChoose: (reason: string) => void; onClose: () => void };

/** Ask why something is done: one of the reasons by a click, or another one. */
export function Reason({ title, reasons, act, onChoose, onClose }: Asked) {
  const t = useDeskWords();
  const [reason, setReason] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={css["acts"]}>
        {reasons.map((one) => <Button key={one} onClick={() => onChoose(one)}>{one}</Button>)}
      </div>
      <form className={css["line"]} onSubmit={(event) => { event.preventDefault(); if (reason.trim()) onChoose(reason.trim()); }}>
        <Field label={t.otherReason} value={reason} maxLength={MAX_LENGTH} onChange={({ target }) => setReason(target.value)} />
        <Button type="submit" disabled={!reason.trim()}>{act}</Button>
      </form>
      <div className={css["ends"]}><Button onClick={onClose}>{t.cancel}</Button></div>
    </Dialog>
  );
}
