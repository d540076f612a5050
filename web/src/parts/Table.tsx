import { useState, type ReactNode } from "react";
import { number } from "../format/format.ts";
import { Button } from "./Button.tsx";
import { Empty } from "./states.tsx";
import css from "./parts.module.css";
import { usePartWords } from "./words.ts";

export type Column<T> = {
  id: string;
  title: string;
  /** What a cell shows. */
  cell: (row: T) => ReactNode;
  /** By what rows are sorted, where all of them are here; without it the column is not sorted. */
  by?: (row: T) => string | number | null;
  end?: boolean;
};

/** Keyset paging: `next` is the cursor of the page after this one, null on the last. */
export type Paging = { total?: number | undefined; cursor: string | undefined; next: string | null; go: (cursor: string | undefined) => void };

type Props<T> = { label: string; rows: readonly T[]; columns: readonly Column<T>[]; rowKey: (row: T) => string | number; paging?: Paging; empty?: ReactNode };

export function Table<T>({ label, rows, columns, rowKey, paging, empty }: Props<T>) {
  const t = usePartWords();
  const [sorted, setSorted] = useState<{ id: string; down: boolean } | null>(null);
  const by = columns.find(({ id }) => id === sorted?.id)?.by;
  const shown = by ? [...rows].sort((one, other) => (sorted!.down ? -1 : 1) * compare(by(one), by(other))) : rows;
  if (!rows.length && !paging?.cursor) return empty ?? <Empty />;
  return (
    <>
      <div className={css["scroll"]} role="region" aria-label={label} tabIndex={0}>
        <table className={css["table"]} aria-label={label}>
          <thead>
            <tr>
              {columns.map((column) => {
                const direction = sorted?.id !== column.id ? undefined : sorted.down ? "descending" : "ascending";
                return (
                  <th key={column.id} scope="col" className={column.end ? css["end"] : ""} aria-sort={direction}>
                    {column.by ? (
                      <button type="button" className={css["sort"]} onClick={() => setSorted({ id: column.id, down: direction === "ascending" })}>
                        {column.title}
                        <span aria-hidden="true">{direction === "ascending" ? " ▲" : direction === "descending" ? " ▼" : ""}</span>
                      </button>
                    ) : (
                      column.title
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.id} className={column.end ? css["end"] : ""}>{column.cell(row)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {paging && (
        <div className={css["foot"]}>
          <span>{paging.total === undefined ? "" : t.records(number(paging.total))}</span>
          <Button kind="small" disabled={!paging.cursor} onClick={() => paging.go(undefined)}>{t.newer}</Button>
          <Button kind="small" disabled={!paging.next} onClick={() => paging.go(paging.next ?? undefined)}>{t.older}</Button>
        </div>
      )}
    </>
  );
}

/** Texts as a Vietnamese dictionary has them; rows without a value come last. */
export function compare(one: string | number | null, other: string | number | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "vi");
}
