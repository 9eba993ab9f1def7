/** Something that holds in every host. It runs without vitest: in a page, in Bun, in Deno. */
export interface Check {
  readonly name: string;
  /** Pages have it only where the site lets nobody else in. */
  readonly needs?: "shared memory";
  readonly run: () => Promise<void>;
}

/** Fails unless both are the same, written as JSON. */
export function same(actual: unknown, expected: unknown): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`expected ${wanted}, got ${found}`);
}

/** What a promise rejects with; that it does is the first thing checked. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error;
  throw new Error(`expected a rejection, got ${JSON.stringify(outcome.value)}`);
}
