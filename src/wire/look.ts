import { CELL } from "../kernel/ref.ts";
import { CLONABLE } from "../world/clonable.ts";
import { areMarksUsed, marksOf } from "./transfer.ts";

/*
 * What is in a value that structured clone would refuse, or silently empty. Two looks: a quick one for
 * the many, and one that remembers what it has seen, for what is large, deep, shared or circular.
 */

/** Objects after which the quick look gives up. */
const MANY = 4_096;
/** Deeper than this it gives up, too. */
const DEEP = 64;
let budget = 0;

/** The quick look, which nearly all messages pass: structured clone copies all that is in it. */
export function goesAsItIs(value: unknown): boolean {
  if (typeof value === "object") {
    if (value === null) return true;
    budget = MANY;
    return isPlain(value, 0);
  }
  return typeof value !== "function" && typeof value !== "symbol";
}

function isPlain(value: object, depth: number): boolean {
  if (depth === DEEP || --budget < 0) return false;
  if (areMarksUsed() && marksOf(value) !== undefined) return false;
  const proto = Object.getPrototypeOf(value) as unknown;
  if (proto === Object.prototype) {
    for (const key in value) {
      if (!isPlainPart((value as Record<string, unknown>)[key], depth)) return false;
    }
    return true;
  }
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) if (!isPlainPart(item, depth)) return false;
    return true;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return !wasMoved(value);
  return CLONABLE.has(proto);
}

/**
 * True for a buffer that was transferred before, or a view of one.
 *
 * Node 20 sends what holds one without a word, and loses the batch that it is in on the other side.
 */
export function wasMoved(value: ArrayBufferView | ArrayBuffer): boolean {
  if (value.byteLength > 0) return false;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  try {
    return new Uint8Array(buffer).byteLength < 0;
  } catch {
    return true;
  }
}

function isPlainPart(value: unknown, depth: number): boolean {
  if (typeof value === "object") return value === null || isPlain(value, depth + 1);
  return typeof value !== "function" && typeof value !== "symbol";
}

/** The second look: each object once, whatever leads to it, and however deep it lies. */
export function holdsNothingSpecial(value: unknown): boolean {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next === "function" || typeof next === "symbol") return false;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isSpecial(next)) return false;
    pushParts(open, next);
  }
  return true;
}

function isSpecial(value: object): boolean {
  if (CELL in value || value instanceof Error || marksOf(value) !== undefined) return true;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return wasMoved(value);
  if (Array.isArray(value)) return false;
  const proto = Object.getPrototypeOf(value) as unknown;
  if (proto === Object.prototype || proto === null || CLONABLE.has(proto)) return false;
  if (value instanceof Map || value instanceof Set) return false;
  return isTakenWhole(value) === "never";
}

/** What is undefined ends the loop above, so it is left out. */
function pushParts(open: unknown[], value: object): void {
  if (ArrayBuffer.isView(value) || CLONABLE.has(Object.getPrototypeOf(value))) return;
  const parts: Iterable<unknown> =
    value instanceof Map
      ? [...value].flat()
      : Array.isArray(value) || value instanceof Set
        ? (value as Iterable<unknown>)
        : Object.values(value);
  for (const part of parts) if (part !== undefined) open.push(part);
}

const always = new WeakSet<object>();

/** One that is not marked to be moved; Node crashes when it is asked to clone one that is closed. */
export function isPort(value: object): boolean {
  return value.constructor?.name === "MessagePort";
}

function isOfHost({ constructor }: object): boolean {
  return (
    typeof constructor === "function" &&
    Function.prototype.toString.call(constructor).endsWith("{ [native code] }")
  );
}

/**
 * How an object of some class is cloned: field by field, whole, or never.
 *
 * Asks the host, once for each class: nothing else knows what it can clone.
 */
export function isTakenWhole(value: object): "fields" | "always" | "never" {
  const proto = Object.getPrototypeOf(value) as object;
  if (Object.keys(value).length > 0) return "fields";
  if (isPort(value)) return "never";
  if (always.has(proto)) return "always";
  // One whose fields are all private would arrive as an empty object: a URL, a deferred reply.
  if (!isOfHost(proto)) return "never";
  try {
    structuredClone(value);
  } catch {
    return "never";
  }
  always.add(proto);
  return "always";
}
