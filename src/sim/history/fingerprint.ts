/** Of objects that we cannot see through, each is equal to itself only. */
const identities = new WeakMap<WeakKey, number>();
let identitiesGiven = 0;

/** Deeper than that, and in circles, objects count as the same only when they are. */
const DEEPEST = 24;

/**
 * A text that two values share only if they hold the same.
 *
 * Plain objects, arrays, maps and sets are looked into; the order of keys and members does not count,
 * that of items in an array does. All else that is no primitive (functions, instances of classes,
 * which may have private fields) has the text of no other. To err on that side costs the checker
 * time, to err on the other would cost it the truth.
 */
export function fingerprint(value: unknown, depth = 0): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : ofObject(value, depth + 1);
    case "function":
      return identity(value);
    case "symbol":
      return Symbol.keyFor(value) === undefined ? identity(value) : String(value);
    default:
      return String(value);
  }
}

function ofObject(value: object, depth: number): string {
  const inner = (part: unknown): string => fingerprint(part, depth);
  const keys = Object.keys(value);
  const unseen = Reflect.ownKeys(value).length - keys.length;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (depth > DEEPEST) return identity(value);
  if (Array.isArray(value) && keys.length === value.length && unseen === 1) {
    return `[${value.map(inner).join()}]`;
  }
  if ((prototype === Object.prototype || prototype === null) && unseen === 0) {
    return `{${keys
      .toSorted()
      .map((key) => `${JSON.stringify(key)}:${inner(valueAt(value, key))}`)
      .join()}}`;
  }
  if (prototype === Map.prototype && value instanceof Map) {
    const entries = [...value].map(([key, at]) => `${inner(key)}:${inner(at)}`);
    return `map{${entries.toSorted().join()}}`;
  }
  if (prototype === Set.prototype && value instanceof Set) {
    return `set{${[...value].map(inner).toSorted().join()}}`;
  }
  return identity(value);
}

function valueAt(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

function identity(value: WeakKey): string {
  let id = identities.get(value);
  if (id === undefined) {
    id = ++identitiesGiven;
    identities.set(value, id);
  }
  return `#${id}`;
}
