import { globMatches } from "../glob.ts";
import { array, bulk, bulkArray } from "../resp.ts";
import { read } from "./command.ts";
import { typeOf } from "./entry.ts";
import { INVALID_CURSOR, NOT_AN_INTEGER, SYNTAX } from "./errors.ts";
import { parseInteger } from "./integers.ts";
import type { Store } from "./store.ts";

export const scanCommands = [read("keys", 2, undefined, keys), read("scan", -2, undefined, scan)];

const LARGEST_CURSOR = 2n ** 64n - 1n;
const DEFAULT_COUNT = 10;

function keys(store: Store, args: readonly string[], now: number): string {
  const pattern = args[1]!;
  const found: string[] = [];
  for (const entry of store.entries()) {
    if (!store.isExpired(entry, now) && (pattern === "*" || globMatches(pattern, entry.key))) {
      found.push(entry.key);
    }
  }
  return bulkArray(found);
}

function scan(store: Store, args: readonly string[], now: number): string {
  const cursor = parseCursor(args[1]!);
  if (cursor === undefined) return INVALID_CURSOR;
  const options = parseScanOptions(args);
  if (typeof options === "string") return options;

  const { count, match, type } = options;
  const found: string[] = [];
  const next = store.scan(cursor, count, now, (entry) => {
    if (type !== undefined && typeOf(entry.value!) !== type) return;
    if (match === undefined || globMatches(match, entry.key)) found.push(entry.key);
  });
  return array([bulk(String(next)), bulkArray(found)]);
}

/** Cursors we never gave out are harmless: every number is some place in the order of keys. */
export function parseCursor(text: string): number | undefined {
  if (!/^\d{0,20}$/.test(text)) return undefined;
  // Redis reads an empty cursor as 0, and so does BigInt.
  const cursor = BigInt(text);
  return cursor <= LARGEST_CURSOR ? Number(cursor) : undefined;
}

interface ScanOptions {
  count: number;
  match: string | undefined;
  type: string | undefined;
}

function parseScanOptions(args: readonly string[]): ScanOptions | string {
  const options: ScanOptions = { count: DEFAULT_COUNT, match: undefined, type: undefined };
  for (let at = 2; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) return SYNTAX;
    switch (args[at]!.toUpperCase()) {
      case "COUNT": {
        const count = parseInteger(value);
        if (count === undefined) return NOT_AN_INTEGER;
        if (count < 1) return SYNTAX;
        options.count = Number(count);
        break;
      }
      case "MATCH":
        options.match = value === "*" ? undefined : value;
        break;
      case "TYPE":
        // A type there is not simply matches nothing.
        options.type = value.toLowerCase();
        break;
      default:
        return SYNTAX;
    }
  }
  return options;
}
