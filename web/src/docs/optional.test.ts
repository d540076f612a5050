import { expect, test } from "vitest";
import { withoutOptional } from "./optional.ts";

test("the example of an optional parameter is in its description alone", () => {
  const id = { in: "path", required: true, example: 1042 };
  const page = { in: "query", description: "Page, from 0", example: 0 };
  const made = withoutOptional({ paths: { "/v1/a": { get: { parameters: [id, page, { in: "header" }] }, post: {} } } });
  expect(made.paths!["/v1/a"]!["get"]!.parameters).toEqual([id, { in: "query", description: "Page, from 0 (such as `0`)" }, { in: "header" }]);
});
