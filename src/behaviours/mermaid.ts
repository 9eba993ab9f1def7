import type { ActorDef } from "../kernel/behaviour.ts";
import { END, type Plan, type StatePlan, type TimedPlan } from "./machine-plan.ts";
import { planOfMachine } from "./machine.ts";

/** Words that begin something else in Mermaid's language, or have broken it. */
const WORDS =
  /^(?:class|classdef|click|default|direction|end|fork|hide|join|note|scale|state|style|as)$/i;
const PLAIN = /^[a-z_]\w*$/i;

/**
 * Draws a machine, as text in the language of Mermaid: a `stateDiagram-v2`.
 *
 * GitHub and many editors show it. It is made of what the definition says under `to`, which is what
 * handlers are held to: so every change of state there can be is in it. An arrow is labelled with its
 * event; what stays in its state has none.
 *
 * ```text
 *   stateDiagram-v2
 *     [*] --> shut
 *     shut --> open : push
 *     open --> shut : after 5000 ms
 * ```
 *
 * Throws `BadInputError` for a definition that is no machine.
 */
export function mermaid(definition: ActorDef<unknown, never>): string {
  const plan = planOfMachine(definition);
  const ids = idsOf(plan);
  const lines = [...plan.states.keys()].map((state) => declare(state, ids.get(state)!));
  for (const state of plan.initial) lines.push(`${END} --> ${ids.get(state)}`);
  for (const state of plan.states.values()) lines.push(...arrowsOf(state, ids));
  return ["stateDiagram-v2", ...lines.map((line) => `  ${line}`)].join("\n");
}

/** A state is called by its name, where Mermaid can take that for one. */
function idsOf({ states }: Plan): ReadonlyMap<string, string> {
  const names = [...states.keys()];
  const isFree = (id: string): boolean => !states.has(id);
  const ids = new Map([[END, END]]);
  for (const [index, name] of names.entries()) {
    let id = PLAIN.test(name) && !WORDS.test(name) ? name : `s${index + 1}`;
    while (id !== name && !isFree(id)) id += "_";
    ids.set(name, id);
  }
  return ids;
}

/** Declared first, so that they stand in the order of the definition. */
function declare(state: string, id: string): string {
  return id === state ? id : `state "${escape(state)}" as ${id}`;
}

function arrowsOf(state: StatePlan, ids: ReadonlyMap<string, string>): string[] {
  const from = ids.get(state.name)!;
  const causes: [label: string, to: readonly string[]][] = Array.from(
    state.on,
    ([event, { to }]) => [event, to],
  );
  for (const which of ["after", "idle"] as const) {
    const timed = state[which];
    if (timed !== undefined) causes.push([labelOf(which, timed), timed.to]);
  }
  return causes.flatMap(([label, to]) =>
    to.map((target) => `${from} --> ${ids.get(target)} : ${escape(label)}`),
  );
}

/** With its time, where that is always the same. */
function labelOf(which: string, { ms }: TimedPlan): string {
  return typeof ms === "number" ? `${which} ${ms} ms` : which;
}

/** What could be taken for Mermaid's own, as the number of its character. */
function escape(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _.,()-]/gu, (char) => `#${char.codePointAt(0)};`);
}
