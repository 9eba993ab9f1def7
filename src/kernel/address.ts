import { cellOf, type AnyRef } from "./ref.ts";

/** Where an actor is: no two actors that ever lived have the same. */
export interface Address {
  /** The name of its system. */
  readonly node: string;
  /** Which life of that system: another one after a restart of the process. */
  readonly incarnation: string;
  readonly id: number;
}

/** Where an actor is, also when it has ended: for logs, and to tell one life of it from another. */
export function address(ref: AnyRef): Address {
  const { kernel, id, rare } = cellOf(ref);
  if (rare !== null && rare.far !== null) return rare.far;
  return { node: kernel.name, incarnation: kernel.incarnation, id };
}
