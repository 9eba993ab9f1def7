import type { InitContext } from "./context.ts";
import { Incarnation } from "./incarnation.ts";

/**
 * Calls `fn` once, when an incarnation is over: behind its `exit` hook, or at a kill.
 *
 * `ctx.signal` aborts before that hook. What the hook may still want to use, such as a file to
 * write last words into, is let go of here. Returns how to be forgotten before.
 */
export function whenOver(ctx: Pick<InitContext, "signal">, fn: () => void): () => void {
  if (!(ctx instanceof Incarnation)) {
    const { signal } = ctx;
    signal.addEventListener("abort", fn, { once: true });
    return () => signal.removeEventListener("abort", fn);
  }
  if (ctx.over) {
    fn();
    return () => {};
  }
  const all = (ctx.extra.whenOver ??= new Set());
  all.add(fn);
  return () => void all.delete(fn);
}
