/** Whether a key works at an instant, in milliseconds since 1970: one that was revoked does not, whether it had expired or not. */
export function stateOf({ revokedAt, expiresAt }: { revokedAt: string | null; expiresAt: string | null }, now: number): "works" | "revoked" | "expired" {
  if (revokedAt) return "revoked";
  return expiresAt && Date.parse(expiresAt) <= now ? "expired" : "works";
}

/** The instant at which a day, as a date field has it, is over here; undefined without one. */
export function endOf(day: string): string | undefined {
  const at = new Date(`${day}T00:00:00`);
  if (!day || Number.isNaN(at.getTime())) return undefined;
  at.setDate(at.getDate() + 1);
  return at.toISOString();
}
