import type { InitContext } from "./context.ts";
import { BadInputError } from "./errors.ts";
import { describe } from "./exit-reason.ts";
import { Incarnation } from "./incarnation.ts";
import type { Kernel } from "./kernel.ts";
import { System } from "./system.ts";

/** Those who live in a system, and the system itself, as users have them. */
export type Owner = System | Pick<InitContext, "signal">;

/** The machine behind a system, or behind an actor's context. */
export function kernelOf(owner: Owner): Kernel {
  if (owner instanceof Incarnation) return owner.cell.kernel;
  if (owner instanceof System) return System.kernelOf(owner);
  throw new BadInputError(`${describe(owner)} was given; it must be a system, or an actor's ctx`);
}

/** Whether the system that an actor lives in is ending, and not the actor alone. */
export function isSystemEnding(ctx: Pick<InitContext, "signal">): boolean {
  if (!(ctx instanceof Incarnation)) return false;
  const { status } = ctx.cell.root;
  return status === "stopping" || status === "stopped";
}
