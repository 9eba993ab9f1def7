import type { InitContext } from "./context.ts";
import { Incarnation } from "./incarnation.ts";

/**
 * Calls `fn` once, when an incarnation is over: behind its `exit` hook, or at a kill.
 *
 * `ctx.signal` aborts before that hook. What the hook may still want to use, such as a file to
 * write last words into, is let go of here.
 */
export function whenOver(ctx: Pick<InitContext, "signal">, fn: () => void): void {
  if (!(ctx instanceof Incarnation)) {
    ctx.signal.addEventListener("abort", fn, { once: true });
    return;
  }
  if (ctx.over) fn();
  else (ctx.extra.whenOver ??= []).push(fn);
}
