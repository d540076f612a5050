import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Confirm } from "../../parts/Dialog.tsx";
import { notify } from "../../parts/toast.tsx";
import type { Menu } from "../queues/data.ts";
import { isUsed, Used } from "./Used.tsx";
import { useMenuWords } from "./words.ts";

/** Delete a menu, after a question that names what still leads to it; the server refuses it then. */
export function Remove({ menu, onRemoved }: { menu: Menu; onRemoved?: () => Promise<void> }) {
  const t = useMenuWords();
  const client = useQueryClient();
  const [asked, ask] = useState(false);
  return (
    <>
      <Button kind="small danger" aria-label={`${t.remove}: ${menu.name}`} onClick={() => ask(true)}>{t.remove}</Button>
      {asked && (
        <Confirm
          title={t.removeAsked(menu.name)}
          text={isUsed(menu) && <>{t.inUse}<Used menu={menu} none="" /></>}
          act={t.remove}
          danger
          onConfirm={async () => {
            await call(api.DELETE("/v1/queues/menus/{menuId}", { params: { path: { menuId: menu.menuId } } }));
            notify(t.removed(menu.name));
            await onRemoved?.();
            await client.invalidateQueries({ queryKey: ["menus"] });
          }}
          onClose={() => ask(false)}
        />
      )}
    </>
  );
}
