import { expect, test } from "vitest";
import { asked, doubled, headings, picked, recall, remember, type Heading, type Use } from "./columns.ts";

function heading(column: string, use: Use): Heading {
  return { key: column.toLowerCase(), column, use, samples: [] };
}

const ODD = [heading("Khách", "attribute"), heading("Gọi", "attribute"), heading("Nơi", "attribute")];

test("sheets share their headings", () => {
  const column = (name: string) => ({ column: name, use: "attribute", samples: [] });
  const tables = [{ sheet: "A", headerRow: 1, columns: [column("Gọi")] }, { sheet: "B", headerRow: 1, columns: [column("GỌI"), column("x")] }];
  expect(headings(tables).map(({ column: name }) => name)).toEqual(["Gọi", "x"]);
});

test("nothing is asked for unless something is picked, and a pick of what was detected is none", () => {
  expect(asked(ODD, {})).toBeNull();
  expect(picked({ gọi: "phoneNumber" }, ODD[1]!, "attribute")).toEqual({});
});

test("what is picked is asked for by its heading", () => {
  expect(asked(ODD, { gọi: "phoneNumber", khách: "name" })).toEqual({ Khách: "name", Gọi: "phoneNumber" });
});

test("a second number by hand comes after the one that was detected", () => {
  const all = [heading("Gọi", "attribute"), heading("SĐT", "phoneNumber")];
  expect(Object.entries(asked(all, { gọi: "phoneNumber" })!)).toEqual([["SĐT", "phoneNumber"], ["Gọi", "phoneNumber"]]);
});

test("what a pick takes away does not fall to another column that is shown as an attribute", () => {
  const all = [heading("SĐT", "phoneNumber"), heading("name", "name"), heading("họ tên", "attribute")];
  expect(asked(all, { name: "ignored" })).toEqual({ "họ tên": "attribute", name: "ignored" });
});

test("uses that one column alone may have are told", () => {
  const all = [heading("a", "externalId"), heading("b", "attribute"), heading("c", "phoneNumber")];
  expect(doubled(all, { b: "externalId" })).toEqual(["externalId"]);
  expect(doubled(all, { b: "phoneNumber" })).toEqual([]);
});

test("picks are remembered for a set of headings of a tenant", () => {
  const kept = new Map<string, string>();
  globalThis.localStorage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) } as unknown as Storage;
  remember(1, ODD, { gọi: "phoneNumber" });
  expect(recall(1, [...ODD].reverse())).toEqual({ gọi: "phoneNumber" });
  expect(recall(2, ODD)).toEqual({});
  expect(recall(1, ODD.slice(1))).toEqual({});
  remember(1, ODD, {});
  expect(recall(1, ODD)).toEqual({});
});
