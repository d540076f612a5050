import { useWords } from "../../words/language.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

export const useReportWords = () => useWords({ en, vi });
