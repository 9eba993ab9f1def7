import { allows, candidateOf } from "./candidates.ts";
import { describeOperation, show, type Operation } from "./history.ts";
import { linearize, type Candidate } from "./linearization.ts";
import type { Specification, Effect } from "./model.ts";

/** Why a history is not linearizable. */
export interface Counterexample {
  /** The operation whose answer nothing explains; all that returned before it can be explained. */
  readonly impossible: Operation;
  /** What it could have answered, at most five; none where it could not have happened at all. */
  readonly possibleOutputs: readonly unknown[];
  /** Whether these are all. */
  readonly outputsComplete: boolean;
  /** An order that explains all answers that were given before. */
  readonly explained: readonly Operation[];
  /** What was under way as well, and has no place in that order. */
  readonly open: readonly Operation[];
}

const MOST_OUTPUTS = 5;
/** Other answers are a help, and not worth as much as the verdict. */
const MOST_STATES_FOR_OUTPUTS = 10_000;
const MOST_LINES = 12;

/** Looks at what led to the first answer that has no explanation. */
export function counterexampleOf(
  of: Specification,
  first: unknown,
  operations: readonly Operation[],
  impossible: Operation,
  maxStates: number,
): Counterexample {
  const by = impossible.returnedAt;
  const others = operations.filter((other) => other !== impossible && other.calledAt < by);
  const candidates = others.map((other) => candidateOf(of, other, by));
  const { order, verdict } = linearize(first, candidates, maxStates);
  const explained = verdict === "yes" ? order.map(({ candidate }) => others[candidate]!) : [];
  const placed = new Set(explained);
  return {
    impossible,
    ...outputsOf(of, first, candidates, impossible, maxStates),
    explained,
    open: verdict === "yes" ? others.filter((other) => !placed.has(other)) : [],
  };
}

function outputsOf(
  of: Specification,
  first: unknown,
  others: readonly Candidate[],
  { invocation, calledAt, returnedAt }: Operation,
  maxStates: number,
): Pick<Counterexample, "possibleOutputs" | "outputsComplete"> {
  const found: Effect<unknown>[] = [];
  const itself: Candidate = {
    calledAt,
    dueAt: returnedAt,
    isRead: of.isRead(invocation.verb),
    alike: "",
    effects: (state) =>
      of
        .effects(invocation.verb, state, invocation.args)
        .filter((effect) => !found.some((known) => allows(known, effect.output))),
  };
  const most = Math.min(maxStates, MOST_STATES_FOR_OUTPUTS);
  for (;;) {
    const { verdict, order } = linearize(first, [...others, itself], most);
    const placed = order.find(({ candidate }) => candidate === others.length);
    if (verdict !== "yes" || placed === undefined || found.length === MOST_OUTPUTS) {
      const possibleOutputs = found.map(({ output }) => output);
      return { possibleOutputs, outputsComplete: verdict === "no" };
    }
    found.push(placed.effect);
  }
}

/** Writes it for people; `what` is the name of the thing. */
export function renderCounterexample(what: string, example: Counterexample): string {
  const { impossible, explained, open } = example;
  return [
    `${what} is not linearizable: nothing explains`,
    `  ${describeOperation(impossible)}`,
    ...alternatives(example),
    ...section("What was answered before is explained by this order:", explained),
    ...section("Under way as well, and not needed for that:", open),
  ].join("\n");
}

/** The latest are the ones that matter. */
function section(title: string, operations: readonly Operation[]): string[] {
  if (operations.length === 0) return [];
  const shown = operations.slice(-MOST_LINES);
  const hidden = operations.length - shown.length;
  return [
    title,
    ...(hidden === 0 ? [] : [`  (${hidden} before)`]),
    ...shown.map((operation) => `  ${describeOperation(operation)}`),
  ];
}

function alternatives({ possibleOutputs, outputsComplete }: Counterexample): string[] {
  const outputs = possibleOutputs.map(show);
  const listed = outputs.join(", ");
  if (!outputsComplete) {
    return outputs.length === 0 ? [] : [`It could have answered ${listed}, perhaps others.`];
  }
  if (outputs.length === 0) return ["It could not have happened at all."];
  if (outputs.length === 1) return [`It could have answered only ${listed}.`];
  return [`It could have answered ${outputs.slice(0, -1).join(", ")} or ${outputs.at(-1)}.`];
}
