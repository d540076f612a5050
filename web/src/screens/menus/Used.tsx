import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { phone } from "../../format/format.ts";
import { useQueues } from "../agents/data.ts";
import { useMenus, type Menu } from "../queues/data.ts";
import css from "./menus.module.css";
import { useMenuWords } from "./words.ts";

/** What leads callers to a menu: queues with their numbers, other menus, opening hours. */
export function Used({ menu, none }: { menu: Menu; none: string }) {
  const t = useMenuWords();
  const queues = useQueues();
  const menus = useMenus();
  const { usedBy } = menu;
  const lines: [string, ReactNode][] = [];
  for (const id of usedBy.queues) {
    const queue = queues.data?.find(({ callinId }) => callinId === id);
    lines.push([`queue ${id}`, (
      <>
        <Link to="/queues/$queueId" params={{ queueId: String(id) } as never}>{t.queueNamed(queue?.callinName ?? String(id))}</Link>
        {queue?.callinNumber && <span className={css["note"]}> · {phone(queue.callinNumber)}</span>}
      </>
    )]);
  }
  for (const id of usedBy.menus)
    lines.push([`menu ${id}`, <Link to="/menus/$menuId" params={{ menuId: String(id) } as never}>{t.menuNamed(menus.data?.find(({ menuId }) => menuId === id)?.name ?? String(id))}</Link>]);
  if (usedBy.defaultHours) lines.push(["hours", <Link to="/hours">{t.hours}</Link>]);
  if (!lines.length) return <span className={css["note"]}>{none}</span>;
  return <ul className={css["used"]}>{lines.map(([key, line]) => <li key={key}>{line}</li>)}</ul>;
}

export function isUsed({ usedBy }: Menu): boolean {
  return usedBy.queues.length > 0 || usedBy.menus.length > 0 || usedBy.defaultHours;
}
