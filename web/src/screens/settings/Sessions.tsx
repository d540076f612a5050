import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call } from "../../data/api.ts";
import { dateTime } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify, notifyFailure } from "../../parts/toast.tsx";
import css from "./settings.module.css";
import { useSettingWords } from "./words.ts";

/** Where a person is signed in; each session is ended, or all of them. */
export function Sessions({ userId, name, onClose }: { userId: number; name: string; onClose: () => void }) {
  const t = useSettingWords();
  const client = useQueryClient();
  const key = ["people", userId, "sessions"];
  const sessions = useQuery({ queryKey: key, queryFn: async () => (await call(api.GET("/v1/users/{userId}/sessions", { params: { path: { userId } } }))).data });
  const end = async (ending: Promise<unknown>) => {
    try {
      await ending;
      notify(t.ended);
    } catch (error) {
      notifyFailure(error);
    }
    await client.invalidateQueries({ queryKey: key });
  };
  const endOne = (sessionId: number) => end(call(api.DELETE("/v1/users/{userId}/sessions/{sessionId}", { params: { path: { userId, sessionId } } })));
  const endAll = () => end(call(api.DELETE("/v1/users/{userId}/sessions", { params: { path: { userId } } })));
  return (
    <Dialog title={t.sessionsOf(name)} onClose={onClose}>
      <Shown of={sessions}>
        {(rows) => (
          <Table
            label={t.sessions}
            rows={rows}
            rowKey={({ sessionId }) => sessionId}
            empty={<Empty title={t.noSessions} />}
            columns={[
              { id: "seen", title: t.seen, cell: ({ seenAt }) => dateTime(seenAt) },
              { id: "from", title: t.from, cell: ({ address }) => address },
              { id: "browser", title: t.browser, cell: ({ userAgent }) => userAgent },
              { id: "acts", title: "", end: true, cell: ({ sessionId, seenAt }) => <Button kind="small danger" aria-label={`${t.end}: ${dateTime(seenAt)}`} onClick={() => void endOne(sessionId)}>{t.end}</Button> },
            ]}
          />
        )}
      </Shown>
      <div className={css["ends"]}>
        {Boolean(sessions.data?.length) && <Button kind="danger" onClick={() => void endAll()}>{t.endAll}</Button>}
        <Button onClick={onClose} autoFocus>{t.close}</Button>
      </div>
    </Dialog>
  );
}
