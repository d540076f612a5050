import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState, type KeyboardEvent } from "react";
import { screensOf } from "../app/screens.ts";
import { all } from "../data/all.ts";
import { api, call } from "../data/api.ts";
import type { Session } from "../data/session.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { isComposing } from "../parts/shortcuts.ts";
import { useAgents, useQueues } from "../screens/agents/data.ts";
import { useLanguage } from "../words/language.ts";
import { placesOf, type Place } from "./places.ts";
import css from "./shell.module.css";
import { useShellWords } from "./words.ts";

/** Finds a screen, a campaign, a queue or an agent by its name, or calls by a number, and goes there. */
export default function Palette({ role, onClose }: { role: Session["user"]["role"]; onClose: () => void }) {
  const t = useShellWords();
  const navigate = useNavigate();
  const id = useId();
  const [sought, seek] = useState("");
  const [at, setAt] = useState(0);
  const found = placesOf(usePlaces(role), sought);
  const chosen = Math.min(at, found.length - 1);
  const go = ({ to, params, search }: Place) => {
    onClose();
    void navigate({ to, params: params as never, search: (search ?? {}) as never });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (isComposing(event) || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    if (step !== undefined) setAt((chosen + step + found.length) % Math.max(1, found.length));
    else if (found[chosen]) go(found[chosen]);
  };
  return (
    <Dialog title={t.goTo} onClose={onClose}>
      <input
        type="search" className={css["seek"]} autoFocus role="combobox" aria-expanded aria-autocomplete="list" aria-label={t.goTo} aria-controls={id}
        aria-activedescendant={found[chosen] && `${id}-${chosen}`} placeholder={t.goToHint} value={sought} onKeyDown={onKeyDown}
        onChange={(event) => { seek(event.target.value); setAt(0); }}
      />
      <ul id={id} role="listbox" aria-label={t.goTo} className={css["places"]}>
        {found.map((place, index) => (
          <li key={`${place.kind} ${place.name} ${index}`} id={`${id}-${index}`} role="option" aria-selected={index === chosen} onClick={() => go(place)}>
            {place.name}<span className={css["muted"]}>{t.places[place.kind]}</span>
          </li>
        ))}
      </ul>
      {!found.length && <p className={css["muted"]} role="status">{t.nowhere}</p>}
    </Dialog>
  );
}

function usePlaces(role: Session["user"]["role"]): Place[] {
  const language = useLanguage();
  const screens = screensOf(role);
  const sees = (path: string) => screens.some((one) => one.path === path);
  const campaigns = useQuery({
    queryKey: ["campaigns", "all"],
    queryFn: () => all((cursor) => call(api.GET("/v1/campaigns", { params: { query: { cursor, limit: 1000 } } }))),
    enabled: sees("/campaigns/$campaignId"),
    staleTime: 60_000,
  });
  const supervises = sees("/queues/$queueId");
  const queues = useQueues(supervises).data ?? [];
  const agents = useAgents(supervises).data ?? [];
  return [
    ...screens.filter(({ navigation }) => navigation).map(({ path, title }) => ({ kind: "screen" as const, name: title[language], to: path })),
    ...queues.map(({ callinId, callinName }) => ({ kind: "queue" as const, name: callinName, to: "/queues/$queueId", params: { queueId: String(callinId) } })),
    ...(campaigns.data ?? []).map(({ campaignId, campaignName }) => (
      { kind: "campaign" as const, name: campaignName, to: "/campaigns/$campaignId", params: { campaignId: String(campaignId) } })),
    ...agents.map(({ agentName }) => ({ kind: "agent" as const, name: agentName, to: "/agents", search: { agent: agentName } })),
  ];
}
