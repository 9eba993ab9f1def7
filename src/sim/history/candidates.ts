import { isDeepStrictEqual } from "node:util";
import { fingerprint } from "./fingerprint.ts";
import type { Operation } from "./history.ts";
import type { Candidate } from "./linearization.ts";
import type { Specification, Effect } from "./model.ts";

const NONE: readonly Effect<unknown>[] = [];

/** The operation, with what its answer allows; due when it returned, or `by` then at the latest. */
export function candidateOf(of: Specification, operation: Operation, by = Infinity): Candidate {
  const { invocation, calledAt, returnedAt, outcome, output } = operation;
  const { verb, args } = invocation;
  const answered = outcome === "returned";
  const dueAt = returnedAt <= by ? returnedAt : Infinity;
  return {
    calledAt,
    dueAt,
    isRead: of.isRead(verb),
    alike: dueAt === Infinity ? fingerprint([verb, args, answered, answered ? output : null]) : "",
    effects(state) {
      const effects = of.effects(verb, state, args);
      if (!answered) return effects;
      if (effects.length === 1) return allows(effects[0]!, output) ? effects : NONE;
      return effects.filter((effect) => allows(effect, output));
    },
  };
}

/** Whether it may answer that: what is in the values counts, not whether they are one object. */
export function allows(effect: Effect<unknown>, output: unknown): boolean {
  return (
    !("output" in effect) || effect.output === output || isDeepStrictEqual(effect.output, output)
  );
}
