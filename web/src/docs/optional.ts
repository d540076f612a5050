/** The document as it is tried out: optional parameters are empty, or a request would send the example of each. Pure. */

type Parameter = { in: string; required?: boolean; description?: string; example?: unknown };
type Operation = { parameters?: Parameter[] };
export type Document = { paths?: Record<string, Record<string, Operation>> };

/** The document with the examples of optional parameters in their descriptions. */
export function withoutOptional(document: Document): Document {
  const operation = (one: Operation): Operation => (Array.isArray(one?.parameters) ? { ...one, parameters: one.parameters.map(told) } : one);
  const each = <T>(all: Record<string, T>, change: (one: T) => T) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, change(one)]));
  return { ...document, paths: each(document.paths ?? {}, (path) => each(path, operation)) };
}

function told(parameter: Parameter): Parameter {
  if (parameter.required || parameter.example === undefined) return parameter;
  const { example, ...rest } = parameter;
  return { ...rest, description: `${rest.description ?? ""} (such as \`${String(example)}\`)`.trim() };
}
