import type { components } from "../../api/schema.d.ts";
import { Button } from "../../parts/Button.tsx";
import { Table } from "../../parts/Table.tsx";
import { doubled, picked, USES, useOf, type Heading, type Picks, type Use } from "./columns.ts";
import css from "./imports.module.css";
import { useImportWords } from "./words.ts";

type Looked = components["schemas"]["Looked"];
type Props = { looked: Looked; all: readonly Heading[]; picks: Picks; onPicks: (picks: Picks) => void };

/** The headings of a file, what each is read as, and values of its first rows: to be changed before the file is checked. */
export function Columns({ looked, all, picks, onPicks }: Props) {
  const t = useImportWords();
  const numbers = all.some((heading) => useOf(heading, picks) === "phoneNumber");
  const twice = doubled(all, picks);
  return (
    <div className={css["columns"]}>
      <div className={css["acts"]}>
        <h3>{t.columns}</h3>
        {Object.keys(picks).length > 0 && <Button kind="small" onClick={() => onPicks({})}>{t.asDetected}</Button>}
      </div>
      {looked.encodingDoubt && <p className={css["wrong"]}>{looked.encodingDoubt}</p>}
      <div aria-live="polite">
        {!numbers && <p className={css["wrong"]}>{t.noNumbers}</p>}
        {twice.map((use) => <p key={use} className={css["wrong"]}>{t.twice(t.uses[use])}</p>)}
      </div>
      <Table
        label={t.columns}
        rows={all}
        rowKey={({ key }) => key}
        columns={[
          { id: "column", title: t.column, cell: ({ column }) => <strong>{column}</strong> },
          {
            id: "use",
            title: t.use,
            cell: (heading) => (
              <select className={css["pick"]} aria-label={t.useOf(heading.column)} value={useOf(heading, picks)} onChange={(event) => onPicks(picked(picks, heading, event.target.value as Use))}>
                {USES.map((use) => <option key={use} value={use}>{t.uses[use]}{use === heading.use && picks[heading.key] ? ` (${t.asDetected.toLowerCase()})` : ""}</option>)}
              </select>
            ),
          },
          { id: "samples", title: t.samples, cell: ({ samples }) => <span className={css["samples"]}>{samples.join(" · ")}</span> },
        ]}
      />
    </div>
  );
}
