/**
 * Whom one child's failure concerns, in the words of OTP.
 *
 * - `oneForOne`: the child alone.
 * - `oneForAll`: all children; they are stopped in reverse start order, then started in order.
 * - `restForOne`: the child and those started after it.
 * - `dynamic`: the child alone; children are many and alike, and are stopped all at once.
 */
export type Strategy = "oneForOne" | "oneForAll" | "restForOne" | "dynamic";

export const STRATEGIES: readonly Strategy[] = ["oneForOne", "oneForAll", "restForOne", "dynamic"];

/** When a supervisor ends because significant children have ended by themselves. */
export type AutoShutdown = "never" | "any" | "all";

/** The siblings that go down and come up with `failed`; `children` in start order. */
export function affectedSiblings<T>(strategy: Strategy, children: readonly T[], failed: T): T[] {
  switch (strategy) {
    case "oneForOne":
    case "dynamic":
      return [];
    case "oneForAll":
      return children.filter((child) => child !== failed);
    case "restForOne":
      return children.slice(children.indexOf(failed) + 1);
  }
}
