import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../data/api.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Field } from "./Field.tsx";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

const MAX_LENGTH = 64;

/** The reasons for pauses: those of the company, else some that most have. */
export function usePauseReasons(): readonly string[] {
  const t = usePartWords();
  const { data } = useQuery({ queryKey: ["pause reasons"], queryFn: async () => (await call(api.GET("/v1/pause-reasons"))).reasons, staleTime: 60_000 });
  return data?.length ? data : t.pauseReasons.split("|");
}

type Asked = { title: string; reasons: readonly string[]; act: string; onChoose: (reason: string) => void; onClose: () => void };

/** Ask why something is done: one of the reasons by a click, or another one. */
export function Reason({ title, reasons, act, onChoose, onClose }: Asked) {
  const t = usePartWords();
  const [reason, setReason] = useState("");
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={css["reasons"]}>
        {reasons.map((one) => <Button key={one} onClick={() => onChoose(one)}>{one}</Button>)}
      </div>
      <form className={css["otherReason"]} onSubmit={(event) => { event.preventDefault(); if (reason.trim()) onChoose(reason.trim()); }}>
        <Field label={t.otherReason} value={reason} maxLength={MAX_LENGTH} onChange={({ target }) => setReason(target.value)} />
        <Button type="submit" disabled={!reason.trim()}>{act}</Button>
      </form>
      <div className={css["dialogEnds"]}><Button onClick={onClose}>{t.cancel}</Button></div>
    </Dialog>
  );
}
