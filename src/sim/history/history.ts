import { inspect } from "node:util";
import type { Invocation } from "./model.ts";

/**
 * What became of an operation.
 *
 * - `open`: nothing yet.
 * - `returned`: it happened, and answered `output`.
 * - `unknown`: it may have happened at any time since it was called, may do so yet, or never.
 * - `failed`: it certainly did not happen.
 */
export type Outcome = "open" | "returned" | "unknown" | "failed";

/** An operation of a client, as the client saw it. */
export interface Operation {
  readonly client: number;
  readonly invocation: Invocation;
  /** Order numbers: no two calls or returns of a history have the same. */
  readonly calledAt: number;
  /** `Infinity` where it did not return. */
  readonly returnedAt: number;
  readonly outcome: Outcome;
  /** What it answered, where it returned; kept as it is, not copied. */
  readonly output: unknown;
}

/** What an error says about the operation that it ended. */
export interface RecordOptions {
  /** True for an error that says that the operation certainly did not happen. Default: none does. */
  readonly knownFailure?: ((error: unknown) => boolean) | undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Records what one client asked for and was answered. */
export interface Recorder {
  /**
   * Runs `act` and notes it as `invocation`, from now until it has settled.
   *
   * It settles as `act` does. When it rejects, the operation may or may not have happened, unless
   * `knownFailure` says that it has not.
   */
  readonly record: <Output, Result extends Output>(
    invocation: Invocation<Output>,
    act: () => Result | PromiseLike<Result>,
    options?: RecordOptions,
  ) => Promise<Result>;
}

/**
 * What clients asked for and were answered, in one order of all calls and returns.
 *
 * It does not look at a clock: what returned before another was called has the lower number, and
 * there are no ties.
 */
export class History {
  readonly #options: RecordOptions;
  readonly #operations: Writable<Operation>[] = [];
  readonly #open = new Set<Writable<Operation>>();
  readonly #undecided: string[] = [];
  #order = 0;
  #settled = 0;

  constructor(options: RecordOptions = {}) {
    this.#options = options;
  }

  /** All of them, in the order in which they were called. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** How many are settled: as long as it stays, a check of the history has nothing new to find. */
  get settled(): number {
    return this.#settled;
  }

  /** What checks could not decide about this history. */
  get undecided(): readonly string[] {
    return this.#undecided;
  }

  /** The recorder of one client. */
  client(client: number): Recorder {
    return {
      record: async (invocation, act, options) => {
        const operation = this.#call(client, invocation);
        try {
          const output = await act();
          this.#settle(operation, "returned", output);
          return output;
        } catch (error) {
          this.#settle(operation, this.#isKnownFailure(error, options) ? "failed" : "unknown");
          throw error;
        }
      },
    };
  }

  /** What is open may or may not have happened, and stays so whatever it still returns. */
  processCrashed(): void {
    for (const operation of this.#open) this.#settle(operation, "unknown");
  }

  /** Notes, once, that a check could not decide about this history. */
  noteUndecided(text: string): void {
    if (!this.#undecided.includes(text)) this.#undecided.push(text);
  }

  /** One line for each operation. */
  toString(): string {
    return this.#operations.map(describeOperation).join("\n");
  }

  #call(client: number, invocation: Invocation): Writable<Operation> {
    const operation: Operation = {
      client,
      invocation,
      calledAt: this.#order++,
      returnedAt: Infinity,
      outcome: "open",
      output: undefined,
    };
    this.#operations.push(operation);
    this.#open.add(operation);
    return operation;
  }

  #settle(
    operation: Writable<Operation>,
    outcome: "returned" | "unknown" | "failed",
    output?: unknown,
  ): void {
    if (!this.#open.delete(operation)) return;
    operation.outcome = outcome;
    this.#settled++;
    if (outcome !== "returned") return;
    operation.output = output;
    operation.returnedAt = this.#order++;
  }

  #isKnownFailure(error: unknown, options: RecordOptions | undefined): boolean {
    return options?.knownFailure?.(error) === true || this.#options.knownFailure?.(error) === true;
  }
}

/** Writes an operation in one line: `client 2: map.get('a') -> 1 [14..17]`. */
export function describeOperation(operation: Operation): string {
  const { client, invocation, calledAt, returnedAt, outcome } = operation;
  const args = invocation.args.map(show).join(", ");
  const until = returnedAt === Infinity ? "" : returnedAt;
  return `client ${client}: ${invocation.of.name}.${invocation.verb}(${args}) ${ending(operation, outcome)} [${calledAt}..${until}]`;
}

function ending({ output }: Operation, outcome: Outcome): string {
  switch (outcome) {
    case "returned":
      return `-> ${show(output)}`;
    case "failed":
      return "did not happen";
    default:
      return "-> nobody knows";
  }
}

/** @internal A value in one line. */
export function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: Infinity, compact: true, maxStringLength: 80 });
}
