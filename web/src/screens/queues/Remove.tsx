import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { notify } from "../../parts/toast.tsx";
import type { Queue } from "./data.ts";
import { useQueueWords } from "./words.ts";

/** Delete a queue, after a question. The server says what still uses it. */
export function Remove({ queue, onRemoved }: { queue: Queue; onRemoved?: () => Promise<void> }) {
  const t = useQueueWords();
  const client = useQueryClient();
  const [asked, ask] = useState(false);
  return (
    <>
      <Button kind="small danger" aria-label={`${t.remove}: ${queue.callinName}`} onClick={() => ask(true)}>{t.remove}</Button>
      {asked && (
        <Confirm
          title={t.removeAsked(queue.callinName)}
          text={t.removeText}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/queues/inbound/{id}", { params: { path: { id: queue.callinId } } }));
            notify(t.removed(queue.callinName));
            await onRemoved?.();
            await client.invalidateQueries({ queryKey: ["queues"] });
          }}
          onClose={() => ask(false)}
        />
      )}
    </>
  );
}
