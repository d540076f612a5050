import { describe, expect, test } from "vitest";
import { choose, type Catalogue } from "./language.ts";

type Module = Record<string, Catalogue>;
const english = import.meta.glob<Module>("../**/en.ts", { eager: true });
const vietnamese = import.meta.glob<Module>("../**/vi.ts", { eager: true });

function shape(words: Catalogue, within = ""): string[] {
  return Object.entries(words).flatMap(([key, word]) => {
    if (typeof word === "object") return shape(word, `${within}${key}.`);
    return [`${within}${key}: ${typeof word === "function" ? `of ${word.length}` : word.trim() ? "text" : "EMPTY"}`];
  });
}

function texts(words: Catalogue): string[] {
  return Object.values(words).flatMap((word) =>
    typeof word === "object" ? texts(word) : [typeof word === "function" ? word(...(["1", "2", "3", "4"] as never[])) : word],
  );
}

test("each area has both languages", () => {
  const areas = (of: object) => Object.keys(of).map((path) => path.replace(/(en|vi)\.ts$/, "")).sort();
  expect(areas(vietnamese)).toEqual(areas(english));
});

describe.each(Object.keys(english))("%s", (path) => {
  const en = english[path]!.en!;
  const vi = vietnamese[path.replace(/en\.ts$/, "vi.ts")]!.vi!;

  test("has the same words in both languages, none empty", () => {
    expect(shape(vi).sort()).toEqual(shape(en).sort());
    expect(shape(en).filter((line) => line.endsWith("EMPTY"))).toEqual([]);
  });

  test("has no Vietnamese in English", () => {
    expect(texts(en).filter((text) => /[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]/i.test(text) && text !== "Tiếng Việt")).toEqual([]);
  });
});

test("the first language that the browser asks for and we have is shown, otherwise Vietnamese", () => {
  expect(choose(["fr-FR", "en-GB", "vi"])).toBe("en");
  expect(choose(["vi-VN", "en"])).toBe("vi");
  expect(choose(["de"])).toBe("vi");
  expect(choose([])).toBe("vi");
});
