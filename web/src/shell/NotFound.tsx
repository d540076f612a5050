import { Link } from "@tanstack/react-router";
import { Door } from "./Page.tsx";
import { useShellWords } from "./words.ts";

export function NotFound() {
  const t = useShellWords();
  return <Door title={t.notFound}><Link to="/">{t.home}</Link></Door>;
}
