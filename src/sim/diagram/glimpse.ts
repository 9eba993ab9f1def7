import { inspect, types } from "node:util";
import { cut, oneLine } from "./glyphs.ts";

/** What is deeper than the things in a thing is not shown. */
const DEPTH = 1;
/** How many of a thing's parts are shown. */
const PARTS = 5;
/** A text within a thing is not shown longer than this. */
const INNER_TEXT = 24;
const UNREADABLE = "[unreadable]";

/**
 * A value in a few characters of one line, at most `room` columns.
 *
 * It is for values of others: it calls no getter, asks no proxy, reads no more of a big thing than it
 * shows, and throws nothing.
 */
export function glimpse(value: unknown, room: number): string {
  return cut(show(value, 0, room), room);
}

function show(value: unknown, depth: number, room: number): string {
  try {
    return oneLine(write(value, depth, room));
  } catch {
    return UNREADABLE;
  }
}

function write(value: unknown, depth: number, room: number): string {
  switch (typeof value) {
    case "string":
      return quote(value, depth === 0 ? room : INNER_TEXT);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return types.isProxy(value) ? "[Proxy]" : `[Function ${nameOf(value)}]`;
    case "object":
      return value === null ? "null" : writeObject(value, depth);
    default:
      return String(value);
  }
}

/** In quotes, and the quotes stay when the text is cut. */
function quote(text: string, room: number): string {
  const start = text.length > 2 * room ? text.slice(0, 2 * room) : text;
  const inner = JSON.stringify(start).slice(1, -1);
  return `"${cut(start === text ? inner : `${inner}${" ".repeat(room)}`, Math.max(1, room - 2))}"`;
}

function writeObject(value: object, depth: number): string {
  if (types.isProxy(value)) return "[Proxy]";
  if (types.isNativeError(value)) {
    return `${String(dataOf(value, "name"))}: ${String(dataOf(value, "message"))}`;
  }
  // A ref, which says whose it is; a date, bytes, a promise.
  if (dataOf(value, inspect.custom) !== undefined || LEFT_TO_NODE.some((is) => is(value))) {
    return inspect(value, {
      depth: 0,
      breakLength: Infinity,
      maxArrayLength: PARTS,
      maxStringLength: INNER_TEXT,
    });
  }
  const name = className(value);
  if (Array.isArray(value)) return bracketed(name, depth, "[]", value.length, () => items(value));
  if (types.isMap(value) || types.isSet(value)) {
    return bracketed(`${name}(${value.size})`, depth, "{}", value.size, () => entries(value));
  }
  const keys = Object.keys(value);
  return bracketed(name, depth, "{}", keys.length, () => fields(value, keys));
}

const LEFT_TO_NODE: readonly ((value: object) => boolean)[] = [
  types.isAnyArrayBuffer,
  types.isArrayBufferView,
  types.isBoxedPrimitive,
  types.isDate,
  types.isGeneratorObject,
  types.isPromise,
  types.isRegExp,
  types.isWeakMap,
  types.isWeakSet,
];

type Part = readonly [name: string, value: unknown, isGetter?: boolean];

/** `Point { x: 1, y: 2 }`, and less of it the deeper it stands. */
function bracketed(
  name: string,
  depth: number,
  [open, close]: string,
  size: number,
  parts: () => Iterable<Part>,
): string {
  const start = name === "Object" || name === "Array" ? open! : `${name} ${open!}`;
  if (size === 0) return start + close!;
  if (depth > DEPTH) return `${start}…${close!}`;
  const shown = Array.from(parts(), ([key, value, isGetter]) => {
    return key + (isGetter === true ? "[Getter]" : show(value, depth + 1, INNER_TEXT));
  });
  if (size > PARTS) shown.push("…");
  return open === "[" ? `${start}${shown.join(", ")}]` : `${start} ${shown.join(", ")} }`;
}

function* items(list: readonly unknown[]): Generator<Part> {
  for (let at = 0; at < Math.min(list.length, PARTS); at++) yield part("", list, String(at));
}

function* fields(value: object, keys: readonly string[]): Generator<Part> {
  for (const key of keys.slice(0, PARTS)) yield part(`${fieldName(key)}: `, value, key);
}

function part(name: string, value: object, key: string): Part {
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  return [name, descriptor?.value, descriptor?.get !== undefined];
}

function* entries(value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): Generator<Part> {
  let left = PARTS;
  if (types.isMap(value)) {
    for (const [key, item] of Map.prototype.entries.call(value)) {
      if (left-- === 0) return;
      yield [`${show(key, DEPTH + 1, INNER_TEXT)} => `, item];
    }
    return;
  }
  for (const item of Set.prototype.values.call(value)) {
    if (left-- === 0) return;
    yield ["", item];
  }
}

function fieldName(key: string): string {
  return /^[\w$]+$/.test(key) ? cut(key, INNER_TEXT) : quote(key, INNER_TEXT);
}

function className(value: object): string {
  const constructor = dataOf(value, "constructor");
  return typeof constructor === "function" ? nameOf(constructor) : "Object";
}

function nameOf(value: object): string {
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value as unknown;
  return typeof name === "string" && name !== "" ? cut(name, INNER_TEXT) : "(anonymous)";
}

/** A property, own or inherited, when it can be read without running anything. */
function dataOf(value: object, key: PropertyKey): unknown {
  let holder: object | null = value;
  while (holder !== null && !types.isProxy(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor !== undefined) return descriptor.value;
    holder = Object.getPrototypeOf(holder) as object | null;
  }
  return undefined;
}
