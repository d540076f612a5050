import { useEffect, type ReactNode } from "react";
import css from "./shell.module.css";

/** A screen: its title, which is the window's too, what belongs to all of it, and its content. */
export function Page({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tongdai`;
  }, [title]);
  return (
    <>
      <div className={css["head"]}>
        <h1>{title}</h1>
        {more}
      </div>
      {children}
    </>
  );
}

/** A screen before the sign-in: one card, with the choice of the language. */
export function Door({ title, children, foot }: { title: string; children: ReactNode; foot?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tongdai`;
  }, [title]);
  return (
    <main className={css["door"]}>
      <div className={css["card"]}>
        <div className={css["brand"]}><img src="/icon.svg" alt="" />Tongdai</div>
        <h1>{title}</h1>
        {children}
        <div className={css["foot"]}>{foot}</div>
      </div>
    </main>
  );
}
