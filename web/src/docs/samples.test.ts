import { expect, test } from "vitest";
import { javascript, python } from "./samples.ts";

const GET = { method: "GET", url: "http://127.0.0.1:8080/v1/campaigns?status=2", headers: {}, body: undefined };
const POST = { method: "POST", url: "http://127.0.0.1:8080/v1/campaigns", headers: { "X-Api-Key": "sk_live_x" }, body: '{"campaignName": "Tết \\"1\\""}' };

test("a request without headers and body is short", () => {
  expect(python(GET)).toBe('import httpx\n\nanswer = httpx.request(\n    "GET",\n    "http://127.0.0.1:8080/v1/campaigns?status=2",\n)\nprint(answer.status_code, answer.text)');
  expect(javascript(GET)).toBe('const answer = await fetch("http://127.0.0.1:8080/v1/campaigns?status=2", {\n  method: "GET",\n});\nconsole.log(answer.status, await answer.text());');
});

test("headers and the body are literals of the language", () => {
  expect(python(POST)).toContain('headers={"X-Api-Key":"sk_live_x"}');
  expect(python(POST)).toContain(`content=${JSON.stringify(POST.body)}.encode()`);
  expect(javascript(POST)).toContain(`body: ${JSON.stringify(POST.body)},`);
});
