import { beforeAll, expect, test, vi } from "vitest";
import { dateTime, clock, duration, matches, number, percent, phone } from "./format.ts";
import { setLanguage } from "../words/language.ts";

beforeAll(() => {
  vi.stubGlobal("document", { documentElement: {} });
  setLanguage("vi");
});

test("numbers have dots by thousands", () => {
  expect(number(1234567)).toBe("1.234.567");
  expect(percent(12.5, 1)).toBe("12,5%");
  expect(number(null)).toBe("–");
});

test("instants are written dd/MM/yyyy HH:mm with 24 hours", () => {
  expect(dateTime("2026-03-10T17:05:09Z", "Asia/Ho_Chi_Minh")).toBe("11/03/2026 00:05");
  expect(clock("2026-03-10T02:05:09Z", "Asia/Ho_Chi_Minh")).toBe("09:05:09");
});

test.each([[0, "0:00"], [59.9, "0:59"], [61, "1:01"], [3600, "1:00:00"], [-0.4, "0:00"], [null, "–"]])("a duration of %s is %s", (seconds, shown) => {
  expect(duration(seconds)).toBe(shown);
});

test.each([
  ["+84901234567", "0901 234 567"], ["0901234567", "0901 234 567"], ["0084 901 234 567", "0901 234 567"],
  ["+14155550100", "+14155550100"], ["19006363", "19006363"], ["02838123456", "028 3812 3456"], ["+842363812345", "0236 3812 345"], ["1234567890", "1234567890"], ["0113", "0113"], ["", "–"],
])("the phone number %s is %s", (value, shown) => {
  expect(phone(value)).toBe(shown);
});

test.each([["Đào Thị Hương", "dao huong"], ["Nguyễn Văn A", "NGUYEN"], ["Chăm sóc khách hàng", "sóc"]])("%s is found by %s", (text, sought) => {
  expect(matches(text, sought)).toBe(true);
});

test("what is not there is not found", () => expect(matches("Đào", "mai")).toBe(false));
