import { expect, test } from "vitest";
import { cells, rawByRow } from "./raw.ts";

test("cells may be quoted, and a row that is cut off is left out", () => {
  expect(cells('\uFEFFa,"b ""c"", d"\r\n1,"two\nlines"\n3,cut')).toEqual([["a", 'b "c", d'], ["1", "two\nlines"]]);
});

test("a refused row of CSV is shown by its own cells", () => {
  const file = "Số điện thoại,Họ tên,failedRow,failedCode,failedReason\r\n0901,Trần Thị B,3,too_short,is too short\r\n";
  expect(rawByRow(file, "text/csv; charset=utf-8")).toEqual(new Map([[3, "0901 | Trần Thị B"]]));
});

test("a refused line of NDJSON is shown as it was", () => {
  const file = '{"phoneNumber":"0901","failedRow":3,"failedCode":"too_short","failedReason":"is too short"}\n';
  expect(rawByRow(file, "application/x-ndjson")).toEqual(new Map([[3, '{"phoneNumber":"0901"}']]));
});
