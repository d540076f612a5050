import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useSession } from "../../data/session.ts";
import { phone } from "../../format/format.ts";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Page } from "../../shell/Page.tsx";
import { useQueues } from "../agents/data.ts";
import { useMenus, type Menu } from "../queues/data.ts";
import { MenuForm } from "./MenuForm.tsx";
import css from "./menus.module.css";
import { Remove } from "./Remove.tsx";
import { heard } from "./tree.ts";
import { Tree } from "./Tree.tsx";
import { Used } from "./Used.tsx";
import { useMenuWords } from "./words.ts";

/** One menu, or a new one: what it says and does, what leads to it, and what a caller hears. */
export default function MenuPage() {
  const t = useMenuWords();
  const { menuId } = useParams({ strict: false }) as { menuId: string };
  const menus = useMenus();
  const mayAct = useSession().user.role !== "viewer";
  if (menuId === "new") {
    return (
      <Page title={t.create} more={<Link to="/menus">{t.title}</Link>}>
        <div className={css["grid"]}><Panel title={t.settings}><MenuForm menu={null} mayAct={mayAct} /></Panel></div>
      </Page>
    );
  }
  return (
    <Shown of={menus}>
      {(all) => {
        const menu = all.find((one) => String(one.menuId) === menuId);
        return menu ? <One key={menuId} menu={menu} all={all} mayAct={mayAct} /> : <Page title={t.missing} more={<Link to="/menus">{t.title}</Link>}><Empty title={t.missing} /></Page>;
      }}
    </Shown>
  );
}

function One({ menu, all, mayAct }: { menu: Menu; all: Menu[]; mayAct: boolean }) {
  const t = useMenuWords();
  const navigate = useNavigate();
  const queues = useQueues();
  const numbers = (queues.data ?? []).filter(({ callinId, callinNumber }) => callinNumber && menu.usedBy.queues.includes(callinId)).map(({ callinNumber }) => phone(callinNumber));
  return (
    <Page
      title={menu.name}
      more={(
        <div className={css["acts"]}>
          <Link to="/menus">{t.title}</Link>
          {mayAct && <Remove menu={menu} onRemoved={() => navigate({ to: "/menus" })} />}
        </div>
      )}
    >
      <div className={css["grid"]}>
        <Panel title={t.settings}><MenuForm menu={menu} mayAct={mayAct} /></Panel>
        <div className={css["column"]}>
          <Panel title={t.usedBy}><div className={css["body"]}><Used menu={menu} none={t.unused} /></div></Panel>
          <Panel title={t.hears}>
            <div className={css["body"]}>
              <p className={css["note"]}>{t.hearsSaved}</p>
              <div>
                {numbers.length > 0 && <p><strong>{t.called(numbers.join(", "))}</strong></p>}
                <Tree of={heard(all, menu.menuId)!} />
              </div>
            </div>
          </Panel>
        </div>
      </div>
    </Page>
  );
}
