import { useState } from "react";
import { phone } from "../../format/format.ts";
import { Field, Select } from "../../parts/Field.tsx";
import { useQueues } from "../agents/data.ts";
import { useMenus, type Destination } from "./data.ts";
import { KINDS, type Kind } from "./destination.ts";
import css from "./queues.module.css";
import { useQueueWords } from "./words.ts";

type Asked = { label: string; name: string; value: Destination | null; /** What is chosen by choosing nothing. */ none: string; kinds?: readonly Kind[]; required?: boolean };

/** Where callers are sent: the kind, and what it names. `readDestination` has it of the form. */
export function DestinationField({ label, name, value, none, kinds = KINDS, required = false }: Asked) {
  const t = useQueueWords();
  const [kind, setKind] = useState<Kind | "">(value?.kind ?? "");
  const queues = useQueues();
  const menus = useMenus();
  const at = (field: string) => ({ label: `${label}: ${t.targets[kind as keyof typeof t.targets]}`, name: `${name}.${field}` });
  return (
    <div className={css["destination"]}>
      <Select label={label} name={`${name}.kind`} required={required} value={kind} onChange={(event) => setKind(event.target.value as Kind | "")}>
        <option value="">{none}</option>
        {kinds.map((one) => <option key={one} value={one}>{t.kinds[one]}</option>)}
      </Select>
      {kind === "queue" && (
        <Select key={queues.data?.length} {...at("queueId")} defaultValue={value?.queueId ?? undefined}>
          {queues.data?.map(({ callinId, callinName }) => <option key={callinId} value={callinId}>{callinName}</option>)}
        </Select>
      )}
      {kind === "menu" && (
        <Select key={menus.data?.length} {...at("menuId")} defaultValue={value?.menuId ?? undefined}>
          {menus.data?.map(({ menuId, name: of }) => <option key={menuId} value={menuId}>{of}</option>)}
        </Select>
      )}
      {kind === "number" && <Field {...at("number")} required inputMode="tel" defaultValue={value?.number ?? ""} />}
      {kind === "message" && <Field {...at("sound")} required hint={t.soundHint} defaultValue={value?.sound ?? ""} />}
    </div>
  );
}

/** A function that says where a destination leads. */
export function useDestinationText(): (of: Destination) => string {
  const t = useQueueWords();
  const queues = useQueues();
  const menus = useMenus();
  return (of) => {
    const named = {
      queue: queues.data?.find(({ callinId }) => callinId === of.queueId)?.callinName ?? String(of.queueId),
      menu: menus.data?.find(({ menuId }) => menuId === of.menuId)?.name ?? String(of.menuId),
      number: phone(of.number),
      message: of.sound ?? "",
      callback: "",
      hang_up: "",
    }[of.kind];
    return named ? `${t.kinds[of.kind]}: ${named}` : t.kinds[of.kind];
  };
}
