import type { ReactNode } from "react";
import { ApiError } from "../data/api.ts";
import { Button } from "./Button.tsx";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

export function Loading() {
  const t = usePartWords();
  return <div className={css["state"]} role="status">{t.loading}</div>;
}

/** What is shown in place of a list without rows: what it is, and what to do next. */
export function Empty({ title, children }: { title?: string; children?: ReactNode }) {
  const t = usePartWords();
  return <div className={css["state"]}><strong>{title ?? t.nothing}</strong>{children}</div>;
}

export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const t = usePartWords();
  const known = error instanceof ApiError ? error : null;
  return (
    <div className={css["state"]} role="alert">
      <strong>{t.failed}</strong>
      <span>{known?.status === 0 ? t.unreachable : error instanceof Error ? error.message : String(error)}</span>
      {known?.requestId && <span className={css["hint"]}>{t.request(known.requestId)}</span>}
      {again && <Button onClick={again}>{t.again}</Button>}
    </div>
  );
}

type Asked<T> = { data: T | undefined; error: unknown; refetch: () => unknown };

/** The data of a query, or that it is loading, or why it failed. */
export function Shown<T>({ of, children }: { of: Asked<T>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return children(of.data);
  return of.error ? <Failure error={of.error} again={() => void of.refetch()} /> : <Loading />;
}
