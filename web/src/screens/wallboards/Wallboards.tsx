import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../../api/schema.d.ts";
import { all } from "../../data/all.ts";
import { api, call } from "../../data/api.ts";
import { useSession } from "../../data/session.ts";
import { date, dateTime } from "../../format/format.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { ShownOnce } from "../../parts/ShownOnce.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { notify } from "../../parts/toast.tsx";
import { Page } from "../../shell/Page.tsx";
import { BoardForm } from "./BoardForm.tsx";
import { useBoardWords } from "./words.ts";

type Board = components["schemas"]["WallboardView"];

/** The boards for televisions. The address of a board is shown once, when it is made. */
export default function Wallboards() {
  const t = useBoardWords();
  const client = useQueryClient();
  const mayAct = useSession().user.role !== "viewer";
  const boards = useQuery({ queryKey: ["wallboards"], queryFn: async () => (await call(api.GET("/v1/wallboards"))).data, refetchInterval: 30_000 });
  const queues = useQuery({ queryKey: ["queues"], queryFn: () => all((cursor) => call(api.GET("/v1/queues/inbound", { params: { query: { cursor, size: 200 } } }))) });
  const [asked, ask] = useState<{ board: Board | null } | null>(null);
  const [revoked, revoke] = useState<Board | null>(null);
  const [made, setMade] = useState<{ name: string; address: string } | null>(null);
  const nameOf = (id: number) => queues.data?.find(({ callinId }) => callinId === id)?.callinName ?? String(id);
  return (
    <Page title={t.title} more={mayAct && <Button kind="primary" onClick={() => ask({ board: null })}>{t.create}</Button>}>
      <Panel title={t.title}>
        <Shown of={boards}>
          {(rows) => (
            <Table
              label={t.title}
              rows={rows}
              rowKey={({ wallboardId }) => wallboardId}
              empty={<Empty title={t.none}>{t.noneText}</Empty>}
              columns={[
                { id: "name", title: t.name, cell: ({ name }) => name },
                { id: "hint", title: t.hint, cell: ({ hint }) => <code>{hint}</code> },
                { id: "queues", title: t.queues, cell: ({ queueIds }) => queueIds.map(nameOf).join(", ") || t.allQueues },
                { id: "seen", title: t.seen, cell: ({ seenAt }) => (seenAt ? dateTime(seenAt) : t.never) },
                { id: "made", title: t.made, cell: ({ createdAt }) => date(createdAt) },
                { id: "acts", title: "", end: true, cell: (board) => mayAct && (
                  <>
                    <Button kind="small" aria-label={`${t.change}: ${board.name}`} onClick={() => ask({ board })}>{t.change}</Button>{" "}
                    <Button kind="small danger" aria-label={`${t.revoke}: ${board.name}`} onClick={() => revoke(board)}>{t.revoke}</Button>
                  </>
                ) },
              ]}
            />
          )}
        </Shown>
      </Panel>
      {asked && <BoardForm board={asked.board} queues={queues.data ?? []} onMade={(name, token) => setMade({ name, address: `${location.origin}/wall#${token}` })} onClose={() => ask(null)} />}
      {revoked && (
        <Confirm
          title={t.revokeAsked(revoked.name)}
          text={t.revokeText}
          act={t.revoke}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/wallboards/{wallboardId}", { params: { path: { wallboardId: revoked.wallboardId } } }));
            notify(t.revoked(revoked.name));
            await client.invalidateQueries({ queryKey: ["wallboards"] });
          }}
          onClose={() => revoke(null)}
        />
      )}
      {made && <ShownOnce title={made.name} secrets={[[t.address, made.address]]} open={made.address} onClose={() => setMade(null)} />}
    </Page>
  );
}
