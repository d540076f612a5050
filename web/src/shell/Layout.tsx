import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { GROUPS, screensOf } from "../app/screens.ts";
import { keepLanguage, sessionQuery, signOut, type Session } from "../data/session.ts";
import { stream, topicsOf } from "../data/stream.ts";
import { Button } from "../parts/Button.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { handle, useActiveShortcuts, useShortcuts, written } from "../parts/shortcuts.ts";
import { notifyFailure } from "../parts/toast.tsx";
import { setLanguage, useLanguage } from "../words/language.ts";
import { LanguageChooser, ThemeChooser } from "./Chooser.tsx";
import { NewVersion } from "./NewVersion.tsx";
import css from "./shell.module.css";
import { useShellWords } from "./words.ts";

const Palette = lazy(() => import("./Palette.tsx"));

/** Everything around a screen, for someone who is signed in. */
export function Layout() {
  const { data: session } = useQuery(sessionQuery);
  return session ? <Frame session={session} /> : null;
}

function Frame({ session }: { session: Session }) {
  const t = useShellWords();
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [opened, open] = useState<"shortcuts" | "palette" | null>(null);
  const close = () => open(null);
  const { role, agentId } = session.user;
  const person = `${session.tenant.id}.${session.user.id}`;

  useEffect(() => {
    if (session.user.language) setLanguage(session.user.language);
  }, [session.user.language]);
  useEffect(() => {
    const topics = topicsOf(role, agentId);
    if (!topics.length) return;
    stream.start(topics, person);
    return () => stream.stop();
  }, [role, agentId, person]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => void handle(event);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => main.current?.focus(), [path]); // a screen reader begins with the new screen
  useShortcuts(useMemo(() => [
    { key: "?", does: t.showShortcuts, run: () => open("shortcuts") },
    { key: "k", ctrl: true, does: t.goTo, run: () => open("palette") },
  ], [t]));

  return (
    <div className={css["layout"]}>
      <a className={css["skip"]} href="#main">{t.skip}</a>
      <div className={css["side"]}>
        <div>
          <div className={css["brand"]}><img src="/icon.svg" alt="" />Tongdai<Button kind="small" aria-label={t.goTo} title={t.goTo} onClick={() => open("palette")}>Ctrl K</Button></div>
          <div className={css["tenant"]}>{session.tenant.name}</div>
        </div>
        <Navigation role={role} />
        <NewVersion />
        <Who session={session} />
      </div>
      <main id="main" ref={main} className={css["main"]} tabIndex={-1}><Outlet /></main>
      {opened === "shortcuts" && <Shortcuts onClose={close} />}
      {opened === "palette" && <Suspense><Palette role={role} onClose={close} /></Suspense>}
    </div>
  );
}

function Navigation({ role }: { role: Session["user"]["role"] }) {
  const t = useShellWords();
  const nav = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" }), [path]);
  const language = useLanguage();
  const screens = screensOf(role);
  return (
    <nav ref={nav} aria-label={t.navigation}>
      {GROUPS.map((group) => {
        const of = screens.filter(({ navigation }) => navigation?.group === group).sort((one, other) => one.navigation!.order - other.navigation!.order);
        return of.length ? (
          <div key={group}>
            <h2>{t.groups[group]}</h2>
            <ul>
              {of.map(({ path, title }) => <li key={path}><Link to={path} className={css["link"]}>{title[language]}</Link></li>)}
            </ul>
          </div>
        ) : null;
      })}
    </nav>
  );
}

function Who({ session }: { session: Session }) {
  const t = useShellWords();
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const leave = async () => {
    try {
      await signOut(client);
      await router.invalidate();
      await navigate({ to: "/sign-in" });
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <div className={css["who"]}>
      <div className={css["person"]}>
        <div>
          <p><Link to="/account">{session.user.name}</Link></p>
          <p className={css["muted"]}>{t.roles[session.user.role]}</p>
        </div>
        <Button kind="small" onClick={() => void leave()}>{t.signOut}</Button>
      </div>
      <div className={css["pair"]}>
        <LanguageChooser onChoice={(language) => {
          client.setQueryData(sessionQuery.queryKey, (now) => now && { ...now, user: { ...now.user, language } });
          keepLanguage(language).catch(notifyFailure);
        }} />
        <ThemeChooser />
      </div>
    </div>
  );
}

function Shortcuts({ onClose }: { onClose: () => void }) {
  const t = useShellWords();
  const shortcuts = useActiveShortcuts();
  return (
    <Dialog title={t.shortcuts} onClose={onClose}>
      <dl className={css["shortcuts"]}>
        {shortcuts.map((one) => [<dt key={written(one)}><kbd>{written(one)}</kbd></dt>, <dd key={`${written(one)} does`}>{one.does}</dd>])}
      </dl>
      {shortcuts.length <= 2 && <p className={css["muted"]}>{t.noShortcuts}</p>}
      <div><Button onClick={onClose} autoFocus>{t.close}</Button></div>
    </Dialog>
  );
}
