/** A request as a program in Python or JavaScript sends it. Pure. */

export type Sent = { method: string; url: string; headers: Record<string, string>; body: string | undefined };

export function python({ method, url, headers, body }: Sent): string {
  const lines = ["import httpx", "", "answer = httpx.request(", `    ${JSON.stringify(method)},`, `    ${JSON.stringify(url)},`];
  if (Object.keys(headers).length) lines.push(`    headers=${JSON.stringify(headers)},`);
  if (body !== undefined) lines.push(`    content=${JSON.stringify(body)}.encode(),`);
  return [...lines, ")", "print(answer.status_code, answer.text)"].join("\n");
}

export function javascript({ method, url, headers, body }: Sent): string {
  const lines = [`const answer = await fetch(${JSON.stringify(url)}, {`, `  method: ${JSON.stringify(method)},`];
  if (Object.keys(headers).length) lines.push(`  headers: ${JSON.stringify(headers)},`);
  if (body !== undefined) lines.push(`  body: ${JSON.stringify(body)},`);
  return [...lines, "});", "console.log(answer.status, await answer.text());"].join("\n");
}
