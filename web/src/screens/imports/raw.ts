/** The refused rows as their file has them, from the download of refused rows. */

/** The cells of CSV text. A last row that the text cuts off is left out. */
export function cells(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = text.startsWith("\uFEFF") ? 1 : 0; at < text.length; at++) {
    const sign = text[at]!;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') cell += text[++at]!;
      else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === ",") {
      row.push(cell);
      cell = "";
    } else if (sign === "\n") {
      rows.push([...row, cell.replace(/\r$/, "")]);
      row = [];
      cell = "";
    } else cell += sign;
  }
  return rows;
}

/** The text of each refused row, by its number; `type` is the media type of the download. */
export function rawByRow(text: string, type: string): Map<number, string> {
  const found = new Map<number, string>();
  if (type.includes("ndjson")) {
    for (const line of text.split("\n").slice(0, -1)) {
      const { failedRow, failedCode: _code, failedReason: _reason, ...row } = JSON.parse(line) as Record<string, unknown>;
      found.set(Number(failedRow), JSON.stringify(row));
    }
    return found;
  }
  const [header = [], ...rows] = cells(text);
  const at = header.lastIndexOf("failedRow");
  for (const row of rows) found.set(Number(row[at]), row.slice(0, at).join(" | "));
  return found;
}

const ENOUGH = 100_000;

/** The beginning of a download, which may be long. */
export async function beginning(url: string): Promise<{ text: string; type: string }> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok || !answer.body) return { text: "", type: "text/csv" };
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.length < ENOUGH) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return { text, type: answer.headers.get("content-type") ?? "text/csv" };
}
