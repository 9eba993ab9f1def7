/**
 * Replies in RESP2, as latin1 strings ready for the socket.
 *
 * ```
 *   +OK   -ERR text   :42   $5 hello   $-1 (null)   *2 … (array of replies)
 * ```
 *
 * Strings and not buffers: V8 joins strings by reference, so a pipeline's replies are copied once,
 * when the socket takes them.
 */

export const OK = "+OK\r\n";
export const PONG = "+PONG\r\n";
export const NULL_BULK = "$-1\r\n";
export const NULL_ARRAY = "*-1\r\n";
export const EMPTY_ARRAY = "*0\r\n";

const CACHED_INTEGERS = 1024;
const CACHED_HEADERS = 1024;
const integers = Array.from({ length: CACHED_INTEGERS }, (_, value) => `:${value}\r\n`);
const bulkHeaders = Array.from({ length: CACHED_HEADERS }, (_, length) => `$${length}\r\n`);

/** `text` must be one line of our own; a client's words belong in a bulk. */
export function simple(text: string): string {
  return `+${text}\r\n`;
}

/** `text` begins with its code, as in `ERR no such key`. Like Redis, drops line ends or blanks them. */
export function error(text: string): string {
  return `-${text.replace(/[\r\n]+$/, "").replace(/[\r\n]/g, " ")}\r\n`;
}

/** Takes a bigint where a 64-bit result left the safe range. */
export function integer(value: number | bigint): string {
  if (typeof value === "number" && value >= 0 && value < CACHED_INTEGERS) {
    return integers[value] ?? `:${value}\r\n`;
  }
  return `:${value}\r\n`;
}

export function bulk(value: string): string {
  const { length } = value;
  return length < CACHED_HEADERS
    ? `${bulkHeaders[length]!}${value}\r\n`
    : `$${length}\r\n${value}\r\n`;
}

export function bulkOrNull(value: string | undefined): string {
  return value === undefined ? NULL_BULK : bulk(value);
}

/** The items are replies already, arrays among them if you like. */
export function array(replies: readonly string[]): string {
  return replies.length === 0 ? EMPTY_ARRAY : `*${replies.length}\r\n${replies.join("")}`;
}

export function bulkArray(values: readonly string[]): string {
  let reply = `*${values.length}\r\n`;
  for (const value of values) reply += bulk(value);
  return reply;
}

/**
 * The items of an array reply, each still encoded; undefined when it is no array.
 *
 * For merging the partial answers of several shards, whose items are bulks and one-line replies.
 */
export function arrayItems(reply: string): string[] | undefined {
  if (!reply.startsWith("*")) return undefined;
  const items: string[] = [];
  let at = reply.indexOf("\r\n") + 2;
  while (at < reply.length) {
    const lineEnd = reply.indexOf("\r\n", at) + 2;
    const length = reply[at] === "$" ? Number(reply.slice(at + 1, lineEnd - 2)) : -1;
    const end = length < 0 ? lineEnd : lineEnd + length + 2;
    items.push(reply.slice(at, end));
    at = end;
  }
  return items;
}
