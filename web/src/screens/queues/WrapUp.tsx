import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Choices, Field, Select } from "../../parts/Field.tsx";
import { Shown } from "../../parts/states.tsx";
import type { Rule } from "./data.ts";
import css from "./queues.module.css";
import { Saved } from "./Settings.tsx";
import { useQueueWords } from "./words.ts";

const MODES = ["optional", "mandatory", "timed"] as const;

/** How agents wrap up calls of the queue's callers, and with which codes. */
export function WrapUp({ id, mayAct }: { id: number; mayAct: boolean }) {
  const path = { params: { path: { id } } };
  const rule = useQuery({ queryKey: ["queues", id, "wrap-up"], queryFn: () => call(api.GET("/v1/queues/inbound/{id}/wrap-up", path)) });
  const codes = useQuery({ queryKey: ["wrap-up-codes"], queryFn: async () => (await call(api.GET("/v1/wrap-up-codes"))).data });
  return <Shown of={rule}>{(found) => <Shown of={codes}>{(all) => <RuleForm id={id} rule={found} codes={all} mayAct={mayAct} />}</Shown>}</Shown>;
}

function RuleForm({ id, rule, codes, mayAct }: { id: number; rule: Rule; codes: { codeId: number; name: string }[]; mayAct: boolean }) {
  const t = useQueueWords();
  const client = useQueryClient();
  const [mode, setMode] = useState(rule.mode);
  const save = async (values: FormData) => {
    const chosen = values.getAll("codeIds").map(Number);
    const had = rule.codeIds ?? [];
    const body = {
      mode,
      codeIds: chosen.length ? [...had.filter((code) => chosen.includes(code)), ...chosen.filter((code) => !had.includes(code))] : null,
      timedSec: mode === "timed" ? Number(values.get("timedSec")) : null,
    };
    await call(api.PUT("/v1/queues/inbound/{id}/wrap-up", { params: { path: { id } }, body }));
    await client.invalidateQueries({ queryKey: ["queues", id, "wrap-up"] });
    return true;
  };
  return (
    <Saved title={t.groups.wrapUp} mayAct={mayAct} onSave={save}>
      <Select label={t.wrapUpMode} name="mode" value={mode} onChange={(event) => setMode(event.target.value as Rule["mode"])}>
        {MODES.map((one) => <option key={one} value={one}>{t.wrapUpModes[one]}</option>)}
      </Select>
      {mode === "timed" && <Field label={t.timedSec} name="timedSec" type="number" min={0} required defaultValue={rule.timedSec ?? 30} />}
      <div className={css["wide"]}>
        {codes.length > 0 && <Choices label={t.codes} name="codeIds" choices={codes.map(({ codeId, name }) => [codeId, name])} chosen={rule.codeIds ?? []} />}
        <p className={css["note"]}>{codes.length ? t.codesHint : t.noCodes}</p>
      </div>
    </Saved>
  );
}
