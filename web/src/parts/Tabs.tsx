import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import css from "./parts.module.css";

type Asked<T extends string> = { label: string; tabs: readonly (readonly [T, string])[]; shown: T; onShow: (tab: T) => void; children: ReactNode };

/** Sections of a page, one of which is shown. The arrow keys, Home and End go from tab to tab. */
export function Tabs<T extends string>({ label, tabs, shown, onShow, children }: Asked<T>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([tab]) => tab === shown);
    const last = tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onShow(tabs[to]![0]);
    (list.current!.children[to] as HTMLElement).focus();
  };
  return (
    <>
      <div ref={list} role="tablist" aria-label={label} className={css["tabs"]} onKeyDown={onKey}>
        {tabs.map(([tab, title]) => (
          <button key={tab} type="button" role="tab" id={`${id}-${tab}`} aria-selected={tab === shown} aria-controls={`${id}-shown`} tabIndex={tab === shown ? 0 : -1} onClick={() => onShow(tab)}>{title}</button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-shown`} aria-labelledby={`${id}-${shown}`} className={css["tabPanel"]}>{children}</div>
    </>
  );
}
