/**
 * Whether a whole key matches a Redis glob: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a literal.
 *
 * Only the latest `*` is ever retried: whatever an earlier one could swallow, the latest can too.
 * Time is therefore at most key × pattern, where plain recursion takes exponential time on `*a*a*a*b`.
 */
export function globMatches(pattern: string, key: string): boolean {
  let p = 0;
  let k = 0;
  let star = -1;
  let starKey = 0;
  while (k < key.length) {
    if (pattern[p] === "*") {
      star = p++;
      starKey = k;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, key.charCodeAt(k)) : -1;
    if (next >= 0) {
      p = next;
      k++;
    } else if (star >= 0) {
      p = star + 1;
      k = ++starKey;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p >= pattern.length;
}

/** The pattern's position after the element at `p` if that matches the byte, else -1. */
function matchOne(pattern: string, p: number, byte: number): number {
  switch (pattern[p]) {
    case "?":
      return p + 1;
    case "[":
      return matchClass(pattern, p + 1, byte);
    case "\\":
      // A lone backslash at the end stands for itself.
      if (p + 1 < pattern.length) return pattern.charCodeAt(p + 1) === byte ? p + 2 : -1;
      return byte === 92 ? p + 1 : -1;
    default:
      return pattern.charCodeAt(p) === byte ? p + 1 : -1;
  }
}

/** `p` is behind the `[`. A class that is never closed ends with the pattern, as in Redis. */
function matchClass(pattern: string, p: number, byte: number): number {
  let at = p;
  const negated = pattern[at] === "^";
  if (negated) at++;
  let found = false;
  for (; at < pattern.length && pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\" && at + 1 < pattern.length) {
      at++;
      found ||= pattern.charCodeAt(at) === byte;
    } else if (pattern[at + 1] === "-" && at + 2 < pattern.length) {
      const from = pattern.charCodeAt(at);
      const to = pattern.charCodeAt(at + 2);
      // Redis reads [z-a] as [a-z].
      found ||= byte >= Math.min(from, to) && byte <= Math.max(from, to);
      at += 2;
    } else {
      found ||= pattern.charCodeAt(at) === byte;
    }
  }
  if (found === negated) return -1;
  return at < pattern.length ? at + 1 : at;
}
