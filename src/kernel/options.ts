import type { Backoff } from "../supervision/backoff.ts";
import type { ChildSpec, Restart, Shutdown } from "../supervision/child-spec.ts";
import { STRATEGIES } from "../supervision/strategy.ts";
import type { ActorSettings, Behaviour, Supervision } from "./behaviour.ts";
import { BadInputError } from "./errors.ts";
import { STAND_IN, type Place } from "./place.ts";
import { describe } from "./exit-reason.ts";

/** Weighs an actor's turns against those of others: 1, 4 and 8 in a round. */
export type Priority = "low" | "normal" | "high";

/**
 * What a full mailbox does with one more message.
 *
 * - `reject`: a call rejects, a cast throws, both with `MailboxFullError`.
 * - `dropOldest`: the message that waits longest makes room.
 * - `dropNewest`: the message that came last is dropped.
 *
 * What is dropped is a dead letter, and rejects where it is a call.
 */
export type WhenFull = "reject" | "dropOldest" | "dropNewest";

/** How one actor is spawned. What is not given is the definition's, then the default. */
export interface SpawnOptions extends ActorSettings {
  /** Registers the actor under this name, before `init`. */
  readonly name?: string;
  /** Where it runs: a pool of threads, or a thread of its own. Default: where it is spawned. */
  readonly on?: Place;
  /** Drains the actor when the host has collected the last ref to it. Default false. */
  readonly stopWhenUnreferenced?: boolean;
}

/** Options with every default filled in; shared by all cells that were given none. */
export interface CellOptions {
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  readonly backoff: Backoff;
  readonly maxRestarts: number;
  readonly onFailure: ChildSpec["onFailure"];
  readonly capacity: number;
  readonly whenFull: WhenFull;
  readonly stash: number;
  readonly priority: Priority;
  readonly initTimeout: number;
  readonly stopWhenUnreferenced: boolean;
}

/** The longest time that a timer can wait: 2^40 ms, 34 years. */
export const LONGEST_MS = 2 ** 40 - 1;

/** Refuses what is not one of `allowed`; undefined passes. */
export function checkOneOf(what: string, given: unknown, allowed: readonly string[]): void {
  if (given === undefined || allowed.includes(given as string)) return;
  throw new BadInputError(`${what} is ${show(given)}; it can be ${allowed.map(show).join(", ")}`);
}

/** Refuses what is not a number of at least `min`; undefined passes. */
export function checkNumber(what: string, given: unknown, min: number, unit: string): void {
  if (given === undefined || (typeof given === "number" && given >= min)) return;
  throw new BadInputError(
    `${what} is ${show(given)}; it must be a number of ${unit}, at least ${min}`,
  );
}

/** Refuses what no timer can wait for; undefined passes. */
export function checkDelay(what: string, given: unknown): void {
  checkNumber(what, given, 0, "ms");
  if (typeof given === "number" && given > LONGEST_MS) {
    throw new BadInputError(
      `${what} is ${given} ms; the longest wait is ${LONGEST_MS} ms, 34 years`,
    );
  }
}

/** Refuses what is no time limit: a delay, or `Infinity` for none. */
export function checkLimit(what: string, given: unknown): void {
  if (given !== Infinity) checkDelay(what, given);
}

export function checkName(what: string, given: unknown): void {
  if (given === undefined || (typeof given === "string" && given !== "")) return;
  throw new BadInputError(`${what} is ${show(given)}; it must be a string that is not empty`);
}

/** Refuses what is no abort signal; undefined passes. */
export function checkSignal(what: string, given: unknown): void {
  if (given === undefined || (typeof given === "object" && given !== null && "aborted" in given))
    return;
  throw new BadInputError(`${what} is ${show(given)}; it must be an AbortSignal`);
}

/** Refuses what is no reason to end, a bare error above all; undefined passes. */
export function checkReason(what: string, given: unknown): void {
  if (given === undefined || typeof given === "string") return;
  const { kind } = Object(given) as { readonly kind?: unknown };
  if (kind === "normal" || kind === "shutdown" || kind === "killed" || kind === "failed") return;
  throw new BadInputError(
    `${what} is ${describe(given)}; it can be a text, or an exit reason such as { kind: "failed", error }`,
  );
}

/** Refuses what cannot be called. */
export function checkFunction(what: string, given: unknown): void {
  if (typeof given === "function") return;
  throw new BadInputError(`${what} is ${show(given)}; it must be a function`);
}

/** Refuses what no timer can wait for, undefined included. */
export function checkTime(what: string, given: unknown): void {
  checkDelay(what, given ?? NaN);
}

function show(given: unknown): string {
  return typeof given === "string" ? `"${given}"` : String(given);
}

export function checkBackoff(what: string, backoff: Backoff | undefined): void {
  if (backoff === undefined) return;
  checkOneOf(`${what}.kind`, backoff.kind, ["none", "fixed", "incremental", "exponential"]);
  for (const key of ["delay", "step", "min", "resetAfter"] as const) {
    checkDelay(`${what}.${key}`, (backoff as unknown as Record<string, unknown>)[key]);
  }
  if (backoff.kind !== "incremental" && backoff.kind !== "exponential") return;
  checkLimit(`${what}.max`, backoff.max);
  if ((backoff.min ?? 0) > (backoff.max ?? Infinity)) {
    throw new BadInputError(`${what}.min is ${backoff.min}, more than its max, ${backoff.max}`);
  }
  if (
    backoff.kind === "exponential" &&
    !((backoff.jitter ?? 0) >= 0 && (backoff.jitter ?? 0) <= 1)
  ) {
    throw new BadInputError(
      `${what}.jitter is ${backoff.jitter}; it can be 0 (none) to 1 (± 100 %)`,
    );
  }
}

type Check = (what: string, given: unknown) => void;

const oneOf =
  (...known: readonly string[]): Check =>
  (what, given) =>
    checkOneOf(what, given, known);

/** What each setting is checked by: only those that were given cost anything. */
const CHECKS: { readonly [K in keyof SpawnOptions]?: Check } = {
  name: checkName,
  restart: oneOf("permanent", "transient", "temporary"),
  shutdown: (what, given) => {
    if (typeof given === "string") checkOneOf(what, given, ["kill", "infinity"]);
    else checkLimit(what, given);
  },
  backoff: (what, given) => checkBackoff(what, given as Backoff | undefined),
  maxRestarts: (what, given) => checkNumber(what, given, 0, "restarts"),
  mailbox: (what, given) => checkMailbox(what, given as SpawnOptions["mailbox"]),
  priority: oneOf("low", "normal", "high"),
  initTimeout: checkLimit,
  on: checkPlace,
};

function checkPlace(what: string, given: unknown): void {
  if (given === undefined || (typeof given === "object" && given !== null && STAND_IN in given))
    return;
  throw new BadInputError(
    `${what} is ${describe(given)}; it can be what threads(…) or thread(…) of troupe/threads made`,
  );
}

function checkMailbox(what: string, mailbox: SpawnOptions["mailbox"]): void {
  checkNumber(`${what}.capacity`, mailbox?.capacity, 1, "messages");
  checkNumber(`${what}.stash`, mailbox?.stash, 0, "messages");
  checkOneOf(`${what}.whenFull`, mailbox?.whenFull, ["reject", "dropOldest", "dropNewest"]);
}

/** Refuses settings that cannot work, naming the one that is wrong. */
export function checkSettings(what: string, settings: SpawnOptions): void {
  // Inherited ones, too: they are settings like any other.
  for (const name in settings) {
    const key = name as keyof SpawnOptions;
    CHECKS[key]?.(`${what}.${key}`, settings[key]);
  }
  if (settings.significant === true && settings.restart === "permanent") {
    throw new BadInputError(
      `${what} is significant and permanent; a permanent child comes back, so its end cannot end the supervisor: make it transient or temporary`,
    );
  }
}

/** Refuses a supervision that cannot work. */
export function checkSupervision(what: string, supervision: Supervision): void {
  checkOneOf(`${what}.strategy`, supervision.strategy, STRATEGIES);
  checkOneOf(`${what}.autoShutdown`, supervision.autoShutdown, ["never", "any", "all"]);
  checkNumber(`${what}.intensity.max`, supervision.intensity?.max, 0, "restarts");
  checkDelay(`${what}.intensity.within`, supervision.intensity?.within);
  checkNumber(`${what}.maxChildren`, supervision.maxChildren, 0, "children");
}

const defaults = {
  system: new WeakMap<Behaviour, CellOptions>(),
  actor: new WeakMap<Behaviour, CellOptions>(),
};

/** Fills in what was not given. All cells of a definition of which no more is said share one object. */
export function resolveOptions(
  behaviour: Behaviour,
  spawner: "system" | "actor",
  given: SpawnOptions | undefined,
  defaultCapacity: number,
): CellOptions {
  if (given === undefined) return shared(behaviour, spawner, defaultCapacity);
  checkSettings(`spawn(${behaviour.name})`, given);
  if (onlyNames(given)) return shared(behaviour, spawner, defaultCapacity);
  return resolve(given, behaviour.settings, spawner, defaultCapacity);
}

function onlyNames(given: SpawnOptions): boolean {
  for (const key in given) if (key !== "name") return false;
  return true;
}

function shared(
  behaviour: Behaviour,
  spawner: "system" | "actor",
  defaultCapacity: number,
): CellOptions {
  const cache = defaults[spawner];
  const cached = cache.get(behaviour);
  if (cached?.capacity === (behaviour.settings.mailbox?.capacity ?? defaultCapacity)) return cached;
  const options = resolve({}, behaviour.settings, spawner, defaultCapacity);
  cache.set(behaviour, options);
  return options;
}

/** Field by field: to spread both into one object takes four times as long. */
function resolve(
  given: SpawnOptions,
  own: SpawnOptions,
  spawner: "system" | "actor",
  defaultCapacity: number,
): CellOptions {
  const byDefault: Restart = spawner === "system" ? "temporary" : "transient";
  return {
    restart: given.restart ?? own.restart ?? byDefault,
    shutdown: given.shutdown ?? own.shutdown ?? 5_000,
    significant: given.significant ?? own.significant ?? false,
    backoff: given.backoff ?? own.backoff ?? { kind: "none" },
    maxRestarts: given.maxRestarts ?? own.maxRestarts ?? Infinity,
    onFailure: given.onFailure ?? own.onFailure,
    capacity: given.mailbox?.capacity ?? own.mailbox?.capacity ?? defaultCapacity,
    whenFull: given.mailbox?.whenFull ?? own.mailbox?.whenFull ?? "reject",
    stash: given.mailbox?.stash ?? own.mailbox?.stash ?? 1_000,
    priority: given.priority ?? own.priority ?? "normal",
    initTimeout: given.initTimeout ?? own.initTimeout ?? 30_000,
    stopWhenUnreferenced: given.stopWhenUnreferenced ?? false,
  };
}
