/** Error replies of the data commands, to the letter those of Redis 7.0: clients match on them. */
import { error } from "../resp.ts";

export const WRONG_TYPE = error(
  "WRONGTYPE Operation against a key holding the wrong kind of value",
);
export const NOT_AN_INTEGER = error("ERR value is not an integer or out of range");
export const NOT_POSITIVE = error("ERR value is out of range, must be positive");
export const SYNTAX = error("ERR syntax error");
export const OVERFLOW = error("ERR increment or decrement would overflow");
export const DECREMENT_OVERFLOW = error("ERR decrement would overflow");
export const INVALID_CURSOR = error("ERR invalid cursor");
export const STRING_TOO_LONG = error(
  "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
);

const MOST_SHOWN = 128;

export function invalidExpireTime(name: string): string {
  return error(`ERR invalid expire time in '${name}' command`);
}

/** `name` as the table knows it, in lower case. */
export function wrongArity(name: string): string {
  return error(`ERR wrong number of arguments for '${name}' command`);
}

export function unsupportedOption(option: string): string {
  return error(`ERR Unsupported option ${beforeNul(option)}`);
}

export function unknownCommand(args: readonly string[]): string {
  let shown = "";
  for (let at = 1; at < args.length && shown.length < MOST_SHOWN; at++) {
    shown += `'${beforeNul(args[at]!).slice(0, MOST_SHOWN - shown.length)}' `;
  }
  const name = beforeNul(args[0] ?? "").slice(0, MOST_SHOWN);
  return error(`ERR unknown command '${name}', with args beginning with: ${shown}`);
}

/** Redis prints these with C's `%s`. */
function beforeNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}
