import { useQuery } from "@tanstack/react-query";
import { api, ApiError, call } from "../../data/api.ts";
import { dateTime } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm, Dialog } from "../../parts/Dialog.tsx";
import { Shown } from "../../parts/states.tsx";
import css from "./agents.module.css";
import type { Agent, Credentials } from "./data.ts";
import { useState } from "react";
import { useAgentWords } from "./words.ts";

/** The SIP account of an agent's phone: whether the switch has it, and a new password, which is shown once. */
export function Account({ agent, onMade, onClose }: { agent: Agent; onMade: (phone: Credentials) => void; onClose: () => void }) {
  const t = useAgentWords();
  const path = { params: { path: { id: agent.agentId } } };
  const [asked, ask] = useState(false);
  const account = useQuery({
    queryKey: ["agents", agent.agentId, "account"],
    queryFn: async () => {
      try {
        return { view: await call(api.GET("/v1/agents/{id}/phone-account", path)) };
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { view: null };
        throw error;
      }
    },
    refetchInterval: 2_000,
  });
  const has = Boolean(account.data?.view);
  const make = async () => {
    const { phone } = await call(has ? api.POST("/v1/agents/{id}/phone-account/rotate", path) : api.POST("/v1/agents/{id}/phone-account", path));
    onMade(phone);
    onClose();
  };
  if (asked) return <Confirm title={has ? t.rotate : t.makeAccount} text={has ? t.rotateText : t.noAccount} act={has ? t.rotate : t.makeAccount} danger={has} onConfirm={make} onClose={() => ask(false)} />;
  return (
    <Dialog title={t.accountOf(agent.agentName)} onClose={onClose}>
      <Shown of={account}>
        {({ view }) => view ? (
          <dl className={css["facts"]}>
            <dt>{t.user}</dt><dd>{view.username}</dd>
            <dt>{t.passwordAt}</dt><dd>{dateTime(view.passwordAt)}</dd>
            <dt>{t.state}</dt><dd>{view.problem ?? (view.onSwitch ? t.onSwitch : t.notOnSwitch)}</dd>
          </dl>
        ) : <p>{t.noAccount}</p>}
      </Shown>
      <div className={css["acts"]}>
        <Button onClick={onClose} autoFocus>{t.close}</Button>
        <Button disabled={!account.data} onClick={() => ask(true)}>{has ? t.rotate : t.makeAccount}</Button>
      </div>
    </Dialog>
  );
}
