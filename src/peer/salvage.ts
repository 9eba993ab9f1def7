import { ERROR, type Special } from "../wire/codec.ts";
import type { PackedError } from "../wire/packed-error.ts";
import { isPort, wasMoved } from "../wire/look.ts";
import * as ops from "../wire/ops.ts";

/*
 * What is done with a batch that the host cannot carry, though it looked as if it could: a proxy is in
 * it, a buffer that was moved before, a port that was not marked. All but that should go.
 */

/** Takes a batch apart. */
export function recordsOf(batch: readonly unknown[]): unknown[][] {
  const records: unknown[][] = [];
  for (let at = 0; at < batch.length;) {
    const end = at + 1 + ops.lengthOf(batch[at] as number);
    records.push(batch.slice(at, end));
    at = end;
  }
  return records;
}

/** A record of several casts as one for each; any other as it is. */
export function castsApart(record: unknown[]): unknown[][] {
  const [head, to, count, ...rest] = record as [number, unknown, number, ...unknown[]];
  // What stands in this place of others may be anything.
  if (ops.opOf(head) !== ops.CAST) return [record];
  const casts = castsIn(record);
  if (casts === 1) return [record];
  const from = ops.hasFrom(head) ? rest.splice(0, 1) : [];
  const single = ops.header(
    ops.CAST,
    2 + from.length + count,
    ops.hasSpecials(head),
    ops.verbOf(head),
    from.length > 0,
  );
  return Array.from({ length: casts }, (_, i) => {
    return [single, to, count, ...from, ...rest.slice(i * count, (i + 1) * count)];
  });
}

/** How many casts a record of them holds. */
export function castsIn(record: readonly unknown[]): number {
  const [head, , count] = record as [number, unknown, number];
  return count === 0 ? 1 : (record.length - (ops.hasFrom(head) ? 4 : 3)) / count;
}

/** Specials, with what can be carried of each. */
export function specialsThatGo(specials: readonly Special[]): Special[] {
  return specials.map((special) => {
    if (canGo(special)) return special;
    const [marker, , packed] = special as unknown as [object, number, PackedError];
    const { is, name, message, stack } = packed;
    return [marker, ERROR, { is, name, message, stack, fields: {} } satisfies PackedError];
  });
}

/** True for what a host must not even be asked to clone: some end the process over it. */
export function holdsUntouchable(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return wasMoved(value);
  if (isPort(value)) return true;
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : [];
  return [...parts, ...Object.values(value)].some((part) => holdsUntouchable(part, seen));
}

function canGo(value: unknown): boolean {
  if (holdsUntouchable(value)) return false;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** What can be carried of a value: the parts that can, and what the others are like. */
export function plainOf(value: unknown, describe: (value: unknown) => string): unknown {
  if (canGo(value)) return value;
  if (Array.isArray(value)) return value.map((item) => plainOf(item, describe));
  const isPlain =
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return describe(value);
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => {
    return [key, canGo(field) ? field : describe(field)];
  });
  return Object.fromEntries(fields);
}
