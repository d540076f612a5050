/** All rows of a list, page after page. */
export async function all<T>(page: (cursor: string) => Promise<{ data: T[]; nextCursor?: string | null }>): Promise<T[]> {
  const rows: T[] = [];
  let next: string | null = "*";
  while (next) {
    const { data, nextCursor }: { data: T[]; nextCursor?: string | null } = await page(next);
    rows.push(...data);
    next = nextCursor ?? null;
  }
  return rows;
}
