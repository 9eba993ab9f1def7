import type { Deque } from "./deque.ts";

export type Hash = Map<string, string>;
export type Value = string | Deque | Hash;
export type TypeName = "string" | "list" | "hash";

/** One key with its value, as the keyspace, its scan order and its expiry heap share it. */
export interface Entry {
  readonly key: string;
  /** Undefined once the key is gone; the scan order sweeps such entries up later. */
  value: Value | undefined;
  /** Rises with every key made; never reused. Cursors of SCAN are made of it. */
  readonly serial: number;
  /** Place in the expiry heap, -1 when the key does not expire. */
  due: number;
}

export function typeOf(value: Value): TypeName {
  if (typeof value === "string") return "string";
  return value instanceof Map ? "hash" : "list";
}
