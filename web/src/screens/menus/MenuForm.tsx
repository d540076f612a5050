import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../../data/api.ts";
import { Button } from "../../parts/Button.tsx";
import { Field, Select } from "../../parts/Field.tsx";
import { Form } from "../../parts/Form.tsx";
import { notify } from "../../parts/toast.tsx";
import type { Menu } from "../queues/data.ts";
import { DestinationField } from "../queues/Destination.tsx";
import { KINDS } from "../queues/destination.ts";
import { optionName, readMenu } from "./form.ts";
import css from "./menus.module.css";
import { KEYS } from "./tree.ts";
import { useMenuWords } from "./words.ts";

/** Callers who press nothing would hear one menu after the other. */
const ELSEWHERE = KINDS.filter((kind) => kind !== "menu");

/** All of a menu, saved as a whole; null: a new one. What the server refuses is said at its field. */
export function MenuForm({ menu, mayAct }: { menu: Menu | null; mayAct: boolean }) {
  const t = useMenuWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [keys, setKeys] = useState(KEYS.filter((key) => (menu ? menu.options[key] : key === "1")));
  const free = KEYS.filter((key) => !keys.includes(key));
  const [next, setNext] = useState("");
  const added = free.includes(next) ? next : free[0];
  const save = async (values: FormData) => {
    const body = readMenu(values, keys);
    if (menu) {
      await call(api.PUT("/v1/queues/menus/{menuId}", { params: { path: { menuId: menu.menuId } }, body }));
      notify(t.saved(body.name));
      await client.invalidateQueries({ queryKey: ["menus"] });
      return;
    }
    const { menuId } = await call(api.POST("/v1/queues/menus", { body }));
    notify(t.created(body.name));
    await client.invalidateQueries({ queryKey: ["menus"] });
    await navigate({ to: "/menus/$menuId", params: { menuId: String(menuId) } as never });
  };
  return (
    <div className={css["body"]}>
      <Form label={t.settings} onSubmit={save} foot={(busy) => mayAct && <div className={css["acts"]}><Button type="submit" kind="primary" disabled={busy || !keys.length}>{menu ? t.save : t.create}</Button></div>}>
        <fieldset className={css["set"]} disabled={!mayAct}>
          <Field label={t.name} name="name" required maxLength={255} defaultValue={menu?.name} autoFocus={!menu} />
          <Field label={t.greeting} name="greeting" defaultValue={menu?.greeting ?? ""} hint={t.greetingHint} />
          <Field label={t.timeoutSec} name="timeoutSec" type="number" required min={1} max={30} defaultValue={menu?.timeoutSec ?? 5} />
          <Field label={t.repeats} name="repeats" type="number" required min={0} max={5} defaultValue={menu?.repeats ?? 2} hint={t.repeatsHint} />
          <h3 className={css["wide"]}>{t.keys}</h3>
          {!keys.length && <p className={css["wide"]}>{t.noKeys}</p>}
          {keys.map((key) => (
            <div key={key} className={css["key"]}>
              <DestinationField label={t.key(key)} name={optionName(key)} value={menu?.options[key] ?? null} none={t.choose} required />
              {mayAct && <Button kind="small" aria-label={t.removeKey(key)} onClick={() => setKeys(keys.filter((one) => one !== key))}>{t.takeOut}</Button>}
            </div>
          ))}
          {mayAct && added && (
            <div className={css["add"]}>
              <Select label={t.addKey} value={added} onChange={(event) => setNext(event.target.value)}>{free.map((key) => <option key={key} value={key}>{key}</option>)}</Select>
              <Button kind="small" aria-label={`${t.addKey} ${added}`} onClick={() => setKeys(KEYS.filter((key) => key === added || keys.includes(key)))}>{t.add}</Button>
            </div>
          )}
          <DestinationField label={t.otherwise} name="otherwise" value={menu?.otherwise ?? null} none={t.ends} kinds={ELSEWHERE} />
        </fieldset>
      </Form>
    </div>
  );
}
