import { acrossThreads } from "./across-threads.ts";
import type { Check } from "./check.ts";
import { oneThread } from "./one-thread.ts";

/** All checks that can be made where there is shared memory, or is none. */
export function checksWith(memory: { readonly isShared: boolean }): readonly Check[] {
  return [...oneThread, ...acrossThreads].filter(
    ({ needs }) => needs === undefined || memory.isShared,
  );
}
