import { BadInputError } from "../../index.ts";
import { candidateOf } from "./candidates.ts";
import { counterexampleOf, renderCounterexample, type Counterexample } from "./counterexample.ts";
import { fingerprint } from "./fingerprint.ts";
import { show, type History, type Operation } from "./history.ts";
import { linearize } from "./linearization.ts";
import { specificationOf, type AnyModel, type Specification } from "./model.ts";

/** How far a check goes. */
export interface LinearizableOptions {
  /**
   * How many combinations of operations done and state it looks at, for each key, before it gives
   * up. Default 100,000, which takes a second at the worst.
   */
  readonly maxStates?: number;
}

/** Whether a history is linearizable. `text` is for people. */
export type Linearizability =
  | { readonly verdict: "yes"; readonly statesSeen: number }
  | { readonly verdict: "unknown"; readonly statesSeen: number; readonly text: string }
  | ({
      readonly verdict: "no";
      readonly statesSeen: number;
      readonly text: string;
    } & Counterexample);

/**
 * Tells whether what clients saw of a thing can be explained by one order of their operations, each
 * of them done at once and alone, between its call and its return.
 *
 * Operations of other models are passed over, and so is what certainly did not happen. What may have
 * happened can have any place after its call, or none.
 *
 * The answer is `unknown` when `maxStates` did not suffice. Where it is `no`, that is final, and the
 * operation it names is the first whose answer cannot be explained.
 */
export function checkLinearizable(
  model: AnyModel,
  operations: readonly Operation[],
  options: LinearizableOptions = {},
): Linearizability {
  const of = specificationOf(model);
  const { maxStates = 100_000 } = options;
  checkMaxStates(maxStates);
  let statesSeen = 0;
  const undecided: string[] = [];
  for (const part of partsOf(of, operations)) {
    const result = checkPart(of, part, maxStates);
    statesSeen += result.statesSeen;
    if (result.verdict === "no") return { ...result, statesSeen };
    if (result.verdict === "unknown") undecided.push(result.text);
  }
  return undecided.length === 0
    ? { verdict: "yes", statesSeen }
    : { verdict: "unknown", statesSeen, text: undecided.join("\n") };
}

/** How a check of a history goes on where the answer is `unknown`. */
export interface LinearizableCheckOptions extends LinearizableOptions {
  /** `note`, the default: passes, and adds to `history.undecided`. `fail`: fails, and says why. */
  readonly whenUndecided?: "note" | "fail";
}

/**
 * A check for a simulation: says what is wrong with the model's operations in the history, if
 * anything is.
 *
 * What is not linearizable stays so, whatever comes after it: to check once, at the end, is enough.
 */
export function linearizable(
  model: AnyModel,
  options: LinearizableCheckOptions = {},
): (view: { readonly history: History }) => string | undefined {
  specificationOf(model);
  checkMaxStates(options.maxStates ?? 1);
  const { whenUndecided = "note" } = options;
  if (whenUndecided !== "note" && whenUndecided !== "fail") {
    throw new BadInputError(
      `linearizable: whenUndecided is ${show(whenUndecided)}; it can be "note" or "fail"`,
    );
  }
  const known = new WeakMap<History, { settled: number; complaint: string | undefined }>();
  return ({ history }) => {
    // What is called but not settled forbids nothing.
    const before = known.get(history);
    if (before?.settled === history.settled) return before.complaint;
    const result = checkLinearizable(model, history.operations, options);
    if (result.verdict === "unknown" && whenUndecided === "note")
      history.noteUndecided(result.text);
    const fails =
      result.verdict === "no" || (result.verdict === "unknown" && whenUndecided === "fail");
    const complaint = fails ? result.text : undefined;
    known.set(history, { settled: history.settled, complaint });
    return complaint;
  };
}

interface Part {
  readonly what: string;
  readonly key: unknown;
  readonly operations: Operation[];
}

/** The operations of the model that may have happened, by key where keys know nothing of each other. */
function partsOf(of: Specification, operations: readonly Operation[]): Iterable<Part> {
  const parts = new Map<string, Part>();
  for (const operation of operations) {
    const { invocation, outcome } = operation;
    if (invocation.of !== of || outcome === "failed") continue;
    const key = of.keyed ? invocation.args[0] : undefined;
    const id = fingerprint(key);
    let part = parts.get(id);
    if (part === undefined) {
      part = { what: of.keyed ? `${of.name}[${show(key)}]` : of.name, key, operations: [] };
      parts.set(id, part);
    }
    part.operations.push(operation);
  }
  return parts.values();
}

function checkPart(
  of: Specification,
  { what, key, operations }: Part,
  maxStates: number,
): Linearizability {
  const first = of.init(key);
  const candidates = operations.map((operation) => candidateOf(of, operation));
  const { verdict, statesSeen, stuckAt } = linearize(first, candidates, maxStates);
  if (verdict === "yes") return { verdict, statesSeen };
  if (verdict === "unknown") {
    return { verdict, statesSeen, text: describeUndecided(what, operations, maxStates) };
  }
  const example = counterexampleOf(of, first, operations, operations[stuckAt]!, maxStates);
  return { verdict, statesSeen, text: renderCounterexample(what, example), ...example };
}

function describeUndecided(
  what: string,
  operations: readonly Operation[],
  maxStates: number,
): string {
  const unanswered = operations.filter(({ outcome }) => outcome !== "returned").length;
  return (
    `${what}: could not decide whether it is linearizable: ${maxStates} states were looked at for ` +
    `${operations.length} operations, ${unanswered} of them without an answer; ` +
    "fewer clients or steps, or a keyed model, need fewer; maxStates allows more"
  );
}

function checkMaxStates(given: number): void {
  if (typeof given === "number" && given >= 1) return;
  throw new BadInputError(
    `linearizable: maxStates is ${show(given)}; it must be a number of states, at least 1`,
  );
}
