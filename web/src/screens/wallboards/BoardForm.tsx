import { useQueryClient } from "@tanstack/react-query";
import type { components } from "../../api/schema.d.ts";
import { api, call } from "../../data/api.ts";
import { Choices, Field, Select } from "../../parts/Field.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { notify } from "../../parts/toast.tsx";
import { useBoardWords } from "./words.ts";

type Schemas = components["schemas"];
type Board = Schemas["WallboardView"];
const TILES = ["waiting", "longest", "service", "agents", "callbacks", "today"] as const;
const LIMITS = { waiting: 100_000, longestSec: 86_400, servicePercent: 100 } as const;
const NAMES = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
/** Of a new board. */
const DEFAULTS = { waiting: { warn: 5, alarm: 10 }, longestSec: { warn: 30, alarm: 60 }, servicePercent: { warn: 80, alarm: 60 } };

type Asked = { board: Board | null; queues: Schemas["QueueView"][]; onMade: (name: string, token: string) => void; onClose: () => void };

/** Create a board, or change what one shows. */
export function BoardForm({ board, queues, onMade, onClose }: Asked) {
  const t = useBoardWords();
  const client = useQueryClient();
  const levels = board ? board.thresholds : DEFAULTS;
  const submit = async (values: FormData) => {
    const of = (name: string) => String(values.get(name) ?? "").trim();
    const level = (name: string) => {
      const [warn, alarm] = [of(`${name}.warn`), of(`${name}.alarm`)];
      if (!warn !== !alarm) throw new Error(`${t.thresholds[name as keyof typeof LIMITS]}: ${t.pair}`);
      return warn ? { warn: Number(warn), alarm: Number(alarm) } : null;
    };
    const body = {
      name: of("name"),
      tiles: values.getAll("tiles").map(String),
      queueIds: values.getAll("queueIds").map(Number),
      thresholds: { waiting: level("waiting"), longestSec: level("longestSec"), servicePercent: level("servicePercent") },
      language: of("language") || null,
      theme: of("theme"),
    };
    if (board) {
      await call(api.PATCH("/v1/wallboards/{wallboardId}", { params: { path: { wallboardId: board.wallboardId } }, body: body as never }));
      notify(t.saved(body.name));
    } else {
      const { token } = await call(api.POST("/v1/wallboards", { body: body as never }));
      if (token) onMade(body.name, token);
    }
    await client.invalidateQueries({ queryKey: ["wallboards"] });
  };
  return (
    <FormDialog title={board ? t.changeOf(board.name) : t.create} act={board ? t.save : t.create} onSubmit={submit} onClose={onClose}>
      <Field label={t.name} name="name" required maxLength={255} defaultValue={board?.name ?? ""} autoFocus />
      <Choices label={t.tiles} name="tiles" choices={TILES.map((tile) => [tile, t.tileNames[tile]])} chosen={board?.tiles ?? TILES} />
      <Choices label={`${t.queues}. ${t.queuesHint}`} name="queueIds" choices={queues.map(({ callinId, callinName }) => [callinId, callinName])} chosen={board?.queueIds ?? []} />
      {NAMES.flatMap((name) => (["warn", "alarm"] as const).map((kind) => (
        <Field key={`${name}.${kind}`} label={t[kind](t.thresholds[name])} name={`${name}.${kind}`} type="number" min={0} max={LIMITS[name]} defaultValue={levels[name]?.[kind] ?? ""} />
      )))}
      <Select label={t.language} name="language" defaultValue={board?.language ?? ""}>
        <option value="">{t.browser}</option><option value="vi">Tiếng Việt</option><option value="en">English</option>
      </Select>
      <Select label={t.theme} name="theme" defaultValue={board?.theme ?? "dark"}>
        {(["dark", "light"] as const).map((theme) => <option key={theme} value={theme}>{t.themes[theme]}</option>)}
      </Select>
    </FormDialog>
  );
}
