/** What the server refused of a form: messages begin with the name of the field, such as `overflow.number: '12' is too short`. */

import { createContext, useContext } from "react";

export type Refusal = { name: string | null; message: string };
export const RefusalContext = createContext<Refusal | null>(null);

/** The field of a form that a message names: the longest one that it begins with; null: none of them. */
export function namedBy(message: string, names: readonly string[]): string | null {
  const begins = names.filter((name) => name && message.startsWith(name) && !/^\w/.test(message.slice(name.length)));
  return begins.sort((one, other) => other.length - one.length)[0] ?? null;
}

/** What the server said against a field, when it refused the form around it. */
export function useRefusal(name: string | undefined): string | null {
  const refused = useContext(RefusalContext);
  return refused && name && refused.name === name ? refused.message : null;
}
