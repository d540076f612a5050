import { Link, useNavigate } from "@tanstack/react-router";
import { text, useFilters } from "../../app/search.ts";
import { useSession } from "../../data/session.ts";
import { matches, number } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Search } from "../../parts/Search.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import { useMenus } from "../queues/data.ts";
import { useDestinationText } from "../queues/Destination.tsx";
import css from "./menus.module.css";
import { Remove } from "./Remove.tsx";
import { heard } from "./tree.ts";
import { Used } from "./Used.tsx";
import { useMenuWords } from "./words.ts";

/** The keypad menus: where their keys lead, and what leads callers to them. */
export default function Menus() {
  const t = useMenuWords();
  const navigate = useNavigate();
  const mayAct = useSession().user.role !== "viewer";
  const [{ menu: sought }, change] = useFilters((search) => ({ menu: text(search, "menu") }));
  const menus = useMenus();
  const where = useDestinationText();
  return (
    <Page title={t.title} more={mayAct && <Button kind="primary" onClick={() => void navigate({ to: "/menus/$menuId", params: { menuId: "new" } as never })}>{t.create}</Button>}>
      <Panel title={t.title}>
        <div className={css["filters"]}><Search label={t.search} value={sought ?? ""} onChange={(value) => change({ menu: value || undefined })} /></div>
        <Shown of={menus}>
          {(rows) => (
            <Table
              label={t.title}
              rows={rows.filter(({ name }) => matches(name, sought ?? ""))}
              rowKey={({ menuId }) => menuId}
              empty={rows.length ? <Empty title={t.noMatch} /> : <Empty title={t.none}>{t.noneText}</Empty>}
              columns={[
                { id: "name", title: t.name, by: ({ name }) => name, cell: ({ menuId, name }) => <Link to="/menus/$menuId" params={{ menuId: String(menuId) } as never}>{name}</Link> },
                { id: "greeting", title: t.greeting, by: ({ greeting }) => greeting, cell: ({ greeting }) => greeting ?? "–" },
                { id: "keys", title: t.keys, cell: ({ menuId }) => (
                  <ul className={css["used"]}>
                    {heard(rows, menuId)!.branches.map(({ key, to }) => <li key={key ?? ""}><span className={css["note"]}>{key ?? t.noKey}:</span> {to ? where(to) : t.ends}</li>)}
                  </ul>
                ) },
                { id: "wait", title: t.timeoutSec, end: true, by: ({ timeoutSec }) => timeoutSec, cell: ({ timeoutSec }) => number(timeoutSec) },
                { id: "used", title: t.usedBy, cell: (menu) => <Used menu={menu} none={t.unused} /> },
                { id: "acts", title: "", end: true, cell: (menu) => mayAct && <Remove menu={menu} /> },
              ]}
            />
          )}
        </Shown>
      </Panel>
    </Page>
  );
}
