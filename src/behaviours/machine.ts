import { Behaviour, callHook, type ActorDef, type Hook } from "../kernel/behaviour.ts";
import { BadInputError } from "../kernel/errors.ts";
import { checkFunction } from "../kernel/options.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import { isAsync, Verb } from "../kernel/verb.ts";
import { checkDefinition } from "./definition.ts";
import type { Definition } from "./actor.ts";
import type { Complete, MachineDefinition } from "./machine-definition.ts";
import { isWaiting, planOf, type Plan } from "./machine-plan.ts";
import { follow, MachineRun } from "./machine-run.ts";
import { Step } from "./machine-step.ts";

/** Defines a machine over the contract `A`, with the states and data `S`, and events of its own, `I`. */
export interface Machine<A, S, I> {
  <P = void, const N = never, const T = unknown, const U = unknown, const V = unknown>(
    definition: MachineDefinition<A, I, S, P, N, T, U, V> & Complete<A, I, S, P, T>,
  ): ActorDef<A, P>;
}

/**
 * Defines an actor as a state machine (OTP's gen_statem): what an event does depends on the state.
 *
 * The events are a contract, the states a map of names to data, and `I` an interface of events that
 * only the machine itself sends, by timeouts or `ctx.next`. A handler sees the data of its state and
 * goes where it says that it may go; an event that a state does not handle is a type error, unless
 * `otherwise` says what becomes of it. `mermaid` draws it.
 *
 * ```text
 *   machine<Door, { open: undefined; shut: { code: string } }>()({
 *     events: { push: "cast", … }, initial: "shut", init: … => ["shut", { code }],
 *     states: { shut: { on: { push: { to: "open", do: (ctx) => ctx.goto("open") } } }, … },
 *   })
 * ```
 *
 * Everything else is as with any actor: one message at a time, also while a handler is async, and a
 * restart begins with `init` again. Throws `BadInputError` for a definition that cannot work.
 */
export function machine<A, S, I = Record<never, never>>(): Machine<A, S, I> {
  return compileMachine as unknown as Machine<A, S, I>;
}

/** A compiled machine: an actor like any other, that can be drawn. */
class MachineBehaviour extends Behaviour {
  readonly plan: Plan;

  constructor(plan: Plan, parts: ConstructorParameters<typeof Behaviour>[0]) {
    super(parts);
    this.plan = plan;
  }
}

/** What a diagram is drawn of. */
export function planOfMachine(definition: unknown): Plan {
  if (definition instanceof MachineBehaviour) return definition.plan;
  throw new BadInputError(`mermaid: this is no machine; give it what machine<…>()(…) made`);
}

/** The parts of a definition as they are at run time. */
type Given = Definition & Readonly<Record<string, unknown>> & { readonly init: Hook };

const HOOKS = ["onChild", "onDown", "onExit", "onGroup"] as const;

function compileMachine(given: Given): Behaviour {
  const { events: _, initial: _i, states: _s, ...others } = given;
  const name = given.name ?? "machine";
  checkDefinition(name, others);
  for (const section of ["cast", "call", "stream"]) {
    if (!(section in given)) continue;
    throw new BadInputError(`machine ${name}: there is no "${section}"; events stand under states`);
  }
  checkFunction(`machine ${name}: init`, given.init);
  const plan = planOf(name, given);
  const exit = given["exit"] as Hook | undefined;
  return new MachineBehaviour(plan, {
    name,
    verbs: verbsOf(plan),
    init: initOf(plan, given.init),
    exit:
      exit &&
      ((ctx: Incarnation, reason: unknown) =>
        callHook(exit, hookContext(ctx, plan, "exit"), reason)),
    hooks: Object.fromEntries(HOOKS.map((hook) => [hook, hookOf(plan, hook, given)])),
    supervision: given.supervision,
    settings: given,
    schemas: given["schemas"] as object | undefined,
  });
}

function verbsOf({ events }: Plan): Verb[] {
  return [...events].flatMap(([event, { kind, waits }]) => {
    if (kind === "internal") return [];
    const verb = new Verb(event, kind, (ctx: Incarnation, ...args: unknown[]) =>
      (ctx.lastState as MachineRun).receive(event, args),
    );
    verb.waits ||= waits;
    return verb;
  });
}

/** Makes the state, and enters it: the machine has started when that is done. */
function initOf(plan: Plan, init: Hook): Hook {
  const begin = (ctx: Incarnation, props: unknown): unknown => {
    const run = new MachineRun(ctx, plan);
    return follow(
      () => callHook(init, ctx, props),
      (start) => run.begin(start),
      (error) => {
        throw error;
      },
    );
  };
  const waits = isAsync(init) || [...plan.states.values()].some(({ enter }) => isWaiting(enter));
  // Known to wait before it does, development can tell who sends behind its `await`.
  return waits ? async (ctx: Incarnation, props: unknown) => begin(ctx, props) : begin;
}

function hookOf(plan: Plan, name: string, given: Given): Hook | undefined {
  const hook = given[name] as Hook | undefined;
  return (
    hook &&
    ((ctx: Incarnation, event: unknown) => callHook(hook, hookContext(ctx, plan, name), event))
  );
}

/** Of the state that it is in; of none, where `init` failed. It asks for nothing but events. */
function hookContext(ctx: Incarnation, plan: Plan, hook: string): Step {
  const run = (ctx.lastState as MachineRun | undefined) ?? new MachineRun(ctx, plan);
  const step = new Step(ctx, run, hook);
  step.isDone = true;
  return step;
}
