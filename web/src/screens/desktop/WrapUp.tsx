import { useCallback, useMemo, useState } from "react";
import { api, call } from "../../data/api.ts";
import { serverNow } from "../../data/clock.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { useShortcuts } from "../../parts/shortcuts.ts";
import { notify } from "../../parts/toast.tsx";
import { dueAt } from "./acts.ts";
import { useAct, useRule, type Call } from "./data.ts";
import css from "./desk.module.css";
import { useDeskWords } from "./words.ts";

/** What the call was: a code by a click or by its number key, with a note, and for a callback its time. */
export function WrapUp({ of, inWrapUp, agentId }: { of: Call; inWrapUp: boolean; agentId: number }) {
  const t = useDeskWords();
  const act = useAct();
  const rule = useRule(of).data;
  const [note, setNote] = useState("");
  const [callback, setCallback] = useState("");
  const [mine, setMine] = useState(true);
  const [wrong, setWrong] = useState<string | null>(null);
  const codes = useMemo(() => rule?.codes ?? [], [rule]);
  const { mutate } = act;
  const choose = useCallback(
    (at: number) => {
      const code = codes[at];
      if (!code) return;
      const due = code.callback ? dueAt(callback, serverNow()) : null;
      if (code.callback && due === null) {
        setWrong(t.callbackNeeded);
        return;
      }
      setWrong(null);
      const body = {
        codeId: code.codeId,
        ...(note.trim() ? { note: note.trim() } : {}),
        ...(due ? { callbackAt: due } : {}),
        ...(due && mine && of.campaignId == null ? { callbackAgentId: agentId } : {}),
      };
      mutate(() => call(api.PUT("/v1/calls/{callId}/wrap-up", { params: { path: { callId: of.callId } }, body })), {
        onSuccess: () => notify(t.coded(code.name)),
      });
    },
    [codes, callback, note, mine, of.callId, of.campaignId, agentId, mutate, t],
  );
  useShortcuts(useMemo(() => codes.slice(0, 9).map(({ name }, at) => ({ key: String(at + 1), does: name, run: () => choose(at) })), [codes, choose]));
  if (!rule) return null;
  const chosen = codes.find(({ codeId }) => codeId === of.wrapUpCodeId);
  return (
    <div className={css["wrapUp"]}>
      <h3>{t.wrapUp}</h3>
      {chosen && <p>{t.isCoded(chosen.name)}</p>}
      {codes.length === 0 && <p className={css["muted"]}>{t.noCodes}</p>}
      {codes.length > 0 && (
        <>
          <Field label={t.note} value={note} maxLength={1000} onChange={({ target }) => setNote(target.value)} />
          {codes.some((code) => code.callback) && (
            <div className={css["line"]}>
              <Field label={t.callbackAt} type="datetime-local" value={callback} wrong={wrong} onChange={({ target }) => { setCallback(target.value); setWrong(null); }} />
              {of.campaignId == null && <label className={css["check"]}><input type="checkbox" checked={mine} onChange={({ target }) => setMine(target.checked)} />{t.forMe}</label>}
            </div>
          )}
          <ol className={css["codes"]}>
            {codes.map(({ codeId, name }, at) => (
              <li key={codeId}>
                <Button disabled={act.isPending} onClick={() => choose(at)}>{at < 9 && <kbd>{at + 1}</kbd>}{name}</Button>
              </li>
            ))}
          </ol>
          {inWrapUp && <p className={css["muted"]}>{t.codeEnds}</p>}
        </>
      )}
    </div>
  );
}
