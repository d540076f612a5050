import { expect, test } from "vitest";
import { placesOf, type Place } from "./places.ts";

const PLACES: Place[] = [
  { kind: "screen", name: "Trực tiếp", to: "/live" },
  { kind: "queue", name: "Hỗ trợ đào tạo", to: "/queues/$queueId", params: { queueId: "7" } },
  { kind: "agent", name: "Đào Minh", to: "/agents", search: { agent: "Đào Minh" } },
];
const found = (sought: string) => placesOf(PLACES, sought).map(({ name }) => name);

test("all are found by nothing", () => expect(found("")).toHaveLength(3));
test("names are found without accents, first those that begin with the text", () => expect(found("dao")).toEqual(["Đào Minh", "Hỗ trợ đào tạo"]));
test("all words are in the name", () => expect(found("tro dao")).toEqual(["Hỗ trợ đào tạo"]));
test("no more than twelve are found", () => expect(placesOf(Array.from({ length: 40 }, () => PLACES[0]!), "")).toHaveLength(12));
test.each(["0901234567", "+84 901 234 567", "(090) 123-4567"])("the calls of %s are found", (sought) =>
  expect(placesOf(PLACES, sought)).toMatchObject([{ kind: "calls", to: "/calls", search: { phone: sought.replace(/[\s()-]/g, "") } }]));
test.each(["0901", "12 tháng", "1234567890123456"])("%s is no number of a telephone", (sought) => expect(placesOf(PLACES, sought)).toEqual([]));
test("a call is found by its id", () => {
  const id = "0192F3A4-5b6c-7d8e-9f00-112233445566";
  expect(placesOf(PLACES, ` ${id}`)).toMatchObject([{ kind: "calls", to: "/calls/$callId", params: { callId: id.toLowerCase() } }]);
});
