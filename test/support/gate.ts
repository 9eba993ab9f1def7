/** A promise that a test settles when it wants to. */
export interface Gate<T> {
  readonly passed: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
}

export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const passed = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  passed.catch(() => {});
  return { passed, open, fail };
}

/** Follows a promise without waiting for it; counts how often it settles, which is once or never. */
export function follow<T>(promise: Promise<T>): {
  outcomes: ({ value: T } | { error: unknown })[];
} {
  const outcomes: ({ value: T } | { error: unknown })[] = [];
  promise.then(
    (value) => outcomes.push({ value }),
    (error: unknown) => outcomes.push({ error }),
  );
  return { outcomes };
}
