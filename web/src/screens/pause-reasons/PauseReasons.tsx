import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table, type Column } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import css from "./pause-reasons.module.css";
import { vi } from "./vi.ts";

const MAX_LENGTH = 64;

/** The reasons that agents choose from when they pause. */
export default function PauseReasons() {
  const t = useWords({ en, vi });
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const reasons = useQuery({ queryKey: ["pause reasons"], queryFn: async () => (await call(api.GET("/v1/pause-reasons"))).reasons });
  const [written, write] = useState("");
  const [busy, setBusy] = useState(false);
  const put = async (next: string[], done?: string) => {
    setBusy(true);
    try {
      await call(api.PUT("/v1/pause-reasons", { body: { reasons: next } }));
      if (done) notify(done);
      write("");
    } catch (error) {
      notifyFailure(error);
    }
    await client.invalidateQueries({ queryKey: ["pause reasons"] });
    setBusy(false);
  };
  return (
    <Page title={t.title}>
      <Panel title={t.title}>
        <div className={css["body"]}>
          <p>{t.explained}</p>
          <Shown of={reasons}>
            {(all) => {
              const reason = written.trim();
              const there = all.includes(reason);
              const columns: Column<string>[] = [{ id: "reason", title: t.reason, cell: (one) => one }];
              if (mayAct)
                columns.push({ id: "acts", title: "", end: true, cell: (one) => (
                  <div className={css["acts"]}>
                    <Button kind="small" disabled={busy || one === all[0]} aria-label={`${t.up}: ${one}`} onClick={() => void put(raised(all, one))}>{t.up}</Button>
                    <Button kind="small danger" disabled={busy} aria-label={`${t.remove}: ${one}`} onClick={() => void put(all.filter((other) => other !== one), t.removed(one))}>{t.remove}</Button>
                  </div>
                ) });
              const add = (event: FormEvent) => {
                event.preventDefault();
                if (reason && !there) void put([...all, reason], t.added(reason));
              };
              return (
                <>
                  <Table label={t.title} rows={all} rowKey={(one) => one} columns={columns} empty={<Empty title={t.none}>{t.noneText}</Empty>} />
                  {mayAct && (
                    <form className={css["add"]} onSubmit={add}>
                      <Field label={t.reason} value={written} maxLength={MAX_LENGTH} wrong={there ? t.there : null} onChange={({ target }) => write(target.value)} />
                      <Button type="submit" disabled={busy || !reason || there}>{t.add}</Button>
                    </form>
                  )}
                </>
              );
            }}
          </Shown>
        </div>
      </Panel>
    </Page>
  );
}

/** The list with one reason a place higher. */
export function raised(reasons: readonly string[], reason: string): string[] {
  const at = reasons.indexOf(reason);
  return at <= 0 ? [...reasons] : [...reasons.slice(0, at - 1), reason, reasons[at - 1]!, ...reasons.slice(at + 1)];
}
