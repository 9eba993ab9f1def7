/** An error, or whatever was thrown, in one line. */
export function show(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  return typeof thrown === "string" ? thrown : `a thrown ${typeof thrown}`;
}
