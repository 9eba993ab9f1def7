import { BadInputError } from "../kernel/errors.ts";
import { describe } from "../kernel/exit-reason.ts";
import { checkFunction, checkLimit } from "../kernel/options.ts";
import { isAsync, Verb, type Loose } from "../kernel/verb.ts";
import { checkVerbName } from "./definition.ts";
import type { Verdict } from "./machine-definition.ts";
import { runRaised } from "./machine-raised.ts";

/** The end of a machine, where a handler says that it may go there. */
export const END = "[*]";

/** What a state does with an event, and where it may go then. */
interface ReactionPlan {
  readonly run: Loose | Verdict;
  readonly to: readonly string[];
}

/** What a state does when a time is up. */
export interface TimedPlan extends ReactionPlan {
  readonly run: Loose;
  readonly ms: number | ((ctx: unknown) => number) | undefined;
}

/** A state, checked. */
export interface StatePlan {
  readonly name: string;
  readonly enter: Loose | undefined;
  readonly on: ReadonlyMap<string, ReactionPlan>;
  readonly after: TimedPlan | undefined;
  readonly idle: TimedPlan | undefined;
  readonly otherwise: Loose | Verdict | undefined;
}

/** An event: how it comes, and the verb under which a machine sends it to itself. */
interface EventPlan {
  readonly kind: "cast" | "call" | "internal";
  readonly raised: Verb;
  /** Some state has an `async` handler for it, or an `async enter`. */
  readonly waits: boolean;
}

/** A machine, checked: what all its actors share, and what a diagram of it shows. */
export interface Plan {
  readonly name: string;
  readonly events: ReadonlyMap<string, EventPlan>;
  readonly states: ReadonlyMap<string, StatePlan>;
  readonly initial: readonly string[];
}

type Given = Readonly<Record<string, unknown>>;

const VERDICTS: ReadonlySet<unknown> = new Set(["refuse", "postpone", "ignore"]);

/** The three words, and nothing else. */
export function isVerdict(given: unknown): given is Verdict {
  return VERDICTS.has(given);
}

/**
 * Checks the parts of a machine that other actors have not.
 *
 * Throws `BadInputError` for what the types refuse too: a state or an event that is missing, and one
 * that there is not.
 */
export function planOf(name: string, given: Given): Plan {
  const what = `machine ${name}`;
  const states = Object.entries(record(`${what}: states`, given["states"]));
  const names = states.map(([state]) => state);
  if (names.includes(END)) throw new BadInputError(`${what}: "${END}" is the end, and no state`);
  const kinds = Object.entries(record(`${what}: events`, given["events"]));
  const planned = states.map(([state, parts]) =>
    new StateReader(`${what}: state ${state}`, names, kinds).read(
      state,
      record(`${what}: state ${state}`, parts),
    ),
  );
  return {
    name,
    events: new Map(kinds.map(([event, kind]) => [event, planEvent(what, event, kind, planned)])),
    states: new Map(planned.map((state) => [state.name, state])),
    initial: targets(`${what}: initial`, given["initial"], names),
  };
}

function planEvent(
  what: string,
  event: string,
  kind: unknown,
  states: readonly StatePlan[],
): EventPlan {
  checkVerbName(what, event);
  if (kind !== "cast" && kind !== "call" && kind !== "internal") {
    throw new BadInputError(
      `${what}: event ${event} is ${describe(kind)}; it can be "cast", "call" or "internal"`,
    );
  }
  const waits = states.some(({ on, enter }) => isWaiting(on.get(event)?.run) || isWaiting(enter));
  const raised = new Verb(event, "cast", runRaised, "message");
  raised.waits = waits;
  return { kind, raised, waits };
}

export function isWaiting(run: unknown): boolean {
  return typeof run === "function" && isAsync(run);
}

/** Reads the parts of one state. */
class StateReader {
  readonly #what: string;
  readonly #states: readonly string[];
  readonly #kinds: ReadonlyMap<string, unknown>;

  constructor(
    what: string,
    states: readonly string[],
    kinds: readonly (readonly [string, unknown])[],
  ) {
    this.#what = what;
    this.#states = states;
    this.#kinds = new Map(kinds);
  }

  read(name: string, { enter, on = {}, after, idle, otherwise, ...rest }: Given): StatePlan {
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) {
      throw new BadInputError(
        `${this.#what}: there is no "${unknown}"; events stand under on, beside enter, after, idle, otherwise`,
      );
    }
    if (enter !== undefined) checkFunction(`${this.#what}: enter`, enter);
    const handled = Object.entries(record(`${this.#what}: on`, on));
    const reactions = new Map(handled.map(([event, given]) => [event, this.#react(event, given)]));
    const missing = [...this.#kinds.keys()].filter((event) => !reactions.has(event));
    if (otherwise === undefined ? missing.length > 0 : !isRun(otherwise)) {
      throw new BadInputError(
        otherwise === undefined
          ? `${this.#what} has no handler for ${missing.join(", ")}; write one, or say otherwise: "refuse", "postpone" or "ignore"`
          : `${this.#what}: otherwise is ${describe(otherwise)}; it can be "refuse", "postpone", "ignore" or a function`,
      );
    }
    return {
      name,
      enter: enter as Loose | undefined,
      on: reactions,
      after: this.#timed("after", after),
      idle: this.#timed("idle", idle),
      otherwise: otherwise as Loose | Verdict | undefined,
    };
  }

  #react(event: string, given: unknown): ReactionPlan {
    const what = `${this.#what}: on.${event}`;
    const kind = this.#kinds.get(event);
    if (kind === undefined) throw new BadInputError(`${what} is for no event; list it in events`);
    if (kind === "call" && given === "ignore") {
      throw new BadInputError(`${what} is "ignore", but somebody waits for it: "refuse" it`);
    }
    if (isRun(given)) return { run: given, to: [] };
    const { to, do: run } = record(what, given);
    checkFunction(`${what}.do`, run);
    return { run: run as Loose, to: this.#targets(`${what}.to`, to) };
  }

  #timed(part: string, given: unknown): TimedPlan | undefined {
    if (given === undefined) return undefined;
    const what = `${this.#what}: ${part}`;
    const { ms, to = [], do: run } = record(what, given);
    if (typeof ms !== "function") checkLimit(`${what}.ms`, ms);
    checkFunction(`${what}.do`, run);
    return { ms: ms as TimedPlan["ms"], run: run as Loose, to: this.#targets(`${what}.to`, to) };
  }

  #targets(what: string, given: unknown): string[] {
    return targets(what, given, [...this.#states, END]);
  }
}

function isRun(given: unknown): given is Loose | Verdict {
  return typeof given === "function" || isVerdict(given);
}

/** One name or some, each of which must be known. */
function targets(what: string, given: unknown, known: readonly string[]): string[] {
  const names: unknown[] = Array.isArray(given) ? given : [given];
  for (const name of names) {
    if (known.includes(name as string)) continue;
    throw new BadInputError(`${what} is ${describe(name)}; there are ${known.join(", ")}`);
  }
  return names as string[];
}

function record(what: string, given: unknown): Given {
  if (typeof given === "object" && given !== null) return given as Given;
  throw new BadInputError(`${what} is ${describe(given)}; it must be an object`);
}
