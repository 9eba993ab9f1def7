import type { System, SystemOptions } from "./system.ts";

/** What a simulation puts in the place of the host while its code runs. */
export interface Stage {
  /** Makes a system whose time, chance and order of turns are the simulation's. */
  createSystem(options: SystemOptions): System;
  /** True when the rare branch of this name is to be taken. */
  buggify(name: string): boolean;
  /** The `defaultSystem()` of the service that is simulated, once it was asked for. */
  defaultSystem?: unknown;
}

/**
 * The simulation whose code is on the stack; null outside of simulations.
 *
 * It is how a service is simulated as it is: its own `createSystem()` makes a simulated one.
 */
export const staging: { stage: Stage | null } = { stage: null };

/**
 * Marks a rare branch that a simulation may take, and nothing else ever does.
 *
 * `if (buggify("flush early")) flush()` makes the unlikely likely: a small buffer, an early timeout,
 * a retry that was not needed. Outside of a simulation it is false. The idea is FoundationDB's.
 */
export function buggify(name: string): boolean {
  return staging.stage !== null && staging.stage.buggify(name);
}
