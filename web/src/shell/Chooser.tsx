import { LANGUAGES, setLanguage, useLanguage, type Language } from "../words/language.ts";
import css from "./shell.module.css";
import { THEMES, setTheme, useTheme, type Theme } from "./theme.ts";
import { useShellWords } from "./words.ts";

const NAMES: Record<Language, string> = { vi: "Tiếng Việt", en: "English" };

export function LanguageChooser({ onChoice }: { onChoice?: (language: Language) => void }) {
  const t = useShellWords();
  return (
    <select
      className={css["chooser"]}
      aria-label={t.language}
      value={useLanguage()}
      onChange={(event) => {
        const next = event.target.value as Language;
        setLanguage(next);
        onChoice?.(next);
      }}
    >
      {LANGUAGES.map((one) => <option key={one} value={one} lang={one}>{NAMES[one]}</option>)}
    </select>
  );
}

export function ThemeChooser() {
  const t = useShellWords();
  return (
    <select className={css["chooser"]} aria-label={t.theme} value={useTheme()} onChange={(event) => setTheme(event.target.value as Theme)}>
      {THEMES.map((one) => <option key={one} value={one}>{t.themes[one]}</option>)}
    </select>
  );
}
