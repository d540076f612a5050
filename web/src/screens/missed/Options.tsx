/** The options of a choice: `none` first, for no choice. */
export function Options({ none, of }: { none?: string; of: readonly (readonly [string | number, string])[] }) {
  return (
    <>
      {none !== undefined && <option value="">{none}</option>}
      {of.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
    </>
  );
}
