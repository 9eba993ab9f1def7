import { restart, started } from "../kernel/acts.ts";
import { Behaviour, behaviourOf, type ActorDef, type Supervision } from "../kernel/behaviour.ts";
import { MUST_BEGIN, type Cell, type Status } from "../kernel/cell.ts";
import type { ChildEvent } from "../kernel/child-event.ts";
import type { Context } from "../kernel/context.ts";
import { BadInputError, refuse } from "../kernel/errors.ts";
import { checkName, checkSettings, type SpawnOptions } from "../kernel/options.ts";
import { addMethod, CELL, cellOf, type AnyRef, type Ref } from "../kernel/ref.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { Restart } from "../supervision/child-spec.ts";
import { define, type Definition } from "./actor.ts";

/** A child in a specification. Its props are asked for when its definition has some. */
export type ChildEntry<A, P> = SpawnOptions & {
  readonly actor: ActorDef<A, P>;
} & (unknown extends P
    ? { readonly props?: undefined }
    : [P] extends [void]
      ? { readonly props?: undefined }
      : { readonly props: P });

/** Any child, where its types do not matter. */
export interface AnyChild extends SpawnOptions {
  readonly actor: ActorDef<unknown, never>;
  readonly props?: unknown;
}

type Checked<C> = {
  readonly [K in keyof C]: C[K] extends { readonly actor: ActorDef<infer A, infer P> }
    ? [P] extends [never]
      ? AnyChild
      : ChildEntry<A, P>
    : AnyChild;
};
type ChildRef<D> = D extends { readonly actor: ActorDef<infer A, never> } ? Ref<A> : never;

/** What a supervisor says of one of its children. */
export interface ChildInfo {
  readonly id: string;
  readonly ref: AnyRef;
  readonly name: string;
  /** `stopped` for a child that has ended and was not deleted. */
  readonly status: Status;
  readonly restart: Restart;
  readonly restarts: number;
}

/** What a supervisor answers, also while a child of its is in a restart loop. */
export interface SupervisorProtocol<C> {
  /** The ref of a child, at once; it can be used before the child has started. */
  child<K extends keyof C & string>(id: K): ChildRef<C[K]>;
  /** All children, in start order. */
  which(): Promise<ChildInfo[]>;
  count(): Promise<{ readonly specs: number; readonly active: number }>;
  /** Starts one more child, after the others; refuses an id that is in use. */
  start<A, P>(id: string, entry: ChildEntry<A, P>): Promise<Ref<A>>;
  /** Ends a child; its specification stays. */
  terminate(id: string): Promise<void>;
  /** Begins a child anew: a running one in place, one that has ended as a new actor. */
  restart(id: string): Promise<AnyRef>;
  /** Forgets the specification of a child that has ended. */
  delete(id: string): Promise<void>;
}

/** What `supervisor` is made from: the children, and how they are looked after. */
export interface SupervisorSpec<C> extends Definition, Omit<Supervision, "maxChildren"> {
  /** In start order, which is that of writing: ids that look like integers would be sorted. */
  readonly children: C & Checked<C>;
}

/** One child: its specification and its present actor. */
interface Slot {
  readonly entry: AnyChild;
  cell: Cell;
}

/**
 * The children of one incarnation of a supervisor.
 *
 * They are made, in order, when somebody first asks: by `child(id)` from outside, or by `init`.
 * They are begun by `init`, each after the one before has started. So refs can be handed out, and
 * messages sent, before the supervisor has had its first turn.
 */
class Table {
  readonly slots = new Map<string, Slot>();
  /** Why it is not complete: what making an entry has thrown. */
  failure: { readonly error: unknown } | null = null;
}
const tables = new WeakMap<Cell, Table>();

/** Resolves what earlier children are needed for the props of a later one. */
type Entries = (child: (id: string) => AnyRef) => Iterable<[string, () => AnyChild]>;

/**
 * Defines a supervisor from a specification of its children.
 *
 * It starts them in order, each after the one before has started; if one cannot start, those that
 * have are stopped and the supervisor does not start. It stops them in reverse. Default strategy
 * `oneForOne`, 3 restarts in 5,000 ms, a shutdown time without limit for itself.
 */
export function supervisor<const C extends Record<string, AnyChild>>(
  spec: SupervisorSpec<C>,
): ActorDef<SupervisorProtocol<C>> {
  const { children, ...rest } = spec;
  for (const [id, entry] of Object.entries<AnyChild>(children)) {
    checkEntry(rest.name, id, entry);
    checkKeyOrder(rest.name, id);
  }
  return defineSupervisor(rest, () =>
    Object.entries<AnyChild>(children).map(([id, entry]) => [id, () => entry]),
  );
}

function checkEntry(name: string | undefined, id: string, entry: AnyChild): void {
  const what = `${name ?? "supervisor"}: child "${id}"`;
  checkName(`${what}: id`, id);
  if (!((entry.actor as unknown) instanceof Behaviour)) {
    throw new BadInputError(`${what}: actor is no definition`);
  }
  const { actor: _actor, props: _props, ...options } = entry;
  checkSettings(what, options);
}

function checkKeyOrder(name: string | undefined, id: string): void {
  if (!/^(0|[1-9]\d*)$/.test(id)) return;
  throw new BadInputError(
    `${name ?? "supervisor"}: child "${id}": JavaScript sorts ids that are integers; start it with a letter`,
  );
}

/** Builds a specification in which a child may need the ref of an earlier one. */
export class SupervisorBuilder<C> {
  readonly #settings: Omit<SupervisorSpec<never>, "children">;
  readonly #entries: readonly [string, (refs: never) => AnyChild][];

  constructor(
    settings: Omit<SupervisorSpec<never>, "children">,
    entries: readonly [string, (refs: never) => AnyChild][] = [],
  ) {
    this.#settings = settings;
    this.#entries = entries;
  }

  /** Adds a child, whose entry is made from the refs of those before; an id is used once. */
  child<K extends string, A, P>(
    id: K extends keyof C ? never : K,
    entry:
      | ChildEntry<A, P>
      | ((refs: { readonly [N in keyof C]: ChildRef<C[N]> }) => ChildEntry<A, P>),
  ): SupervisorBuilder<C & { readonly [N in K]: { readonly actor: ActorDef<A, P> } }> {
    if (this.#entries.some(([known]) => known === id)) {
      throw new BadInputError(`supervisor: there is a child "${id}" already`);
    }
    if (typeof entry !== "function") checkEntry(this.#settings.name, id, entry);
    const make = (typeof entry === "function" ? entry : () => entry) as (refs: never) => AnyChild;
    return new SupervisorBuilder(this.#settings, [...this.#entries, [id, make]]);
  }

  build(): ActorDef<SupervisorProtocol<C>> {
    return defineSupervisor(this.#settings, (child) =>
      this.#entries.map(([id, make]) => {
        const refs: Record<string, AnyRef> = {};
        for (const [earlier] of this.#entries) {
          if (earlier === id) break;
          Object.defineProperty(refs, earlier, { get: () => child(earlier), enumerable: true });
        }
        return [id, () => make(refs as never)];
      }),
    );
  }
}

/** Starts to build a supervisor whose children need each other's refs. */
export function supervisorOf(
  settings: Omit<SupervisorSpec<never>, "children"> = {},
): SupervisorBuilder<Record<never, never>> {
  return new SupervisorBuilder(settings);
}

type Ctx = Context<Table>;

function defineSupervisor<C>(
  settings: Omit<SupervisorSpec<never>, "children">,
  entries: Entries,
): ActorDef<SupervisorProtocol<C>> {
  const { strategy, intensity, autoShutdown, ...rest } = settings;
  const prepare = (cell: Cell): Table => {
    const table = new Table();
    tables.set(cell, table);
    const child = (id: string): AnyRef => slotOf(table, id).cell.ref;
    try {
      for (const [id, entry] of entries(child)) addSlot(cell, table, id, entry());
    } catch (error) {
      table.failure = { error };
    }
    return table;
  };
  const definition = define({
    name: "supervisor",
    shutdown: "infinity",
    initTimeout: Infinity,
    ...rest,
    supervision: {
      ...(strategy === undefined ? {} : { strategy }),
      ...(intensity === undefined ? {} : { intensity }),
      ...(autoShutdown === undefined ? {} : { autoShutdown }),
    },
    init: (ctx: Incarnation) => {
      const { cell } = ctx;
      // Made already when somebody asked for a child before the first turn.
      const made = cell.status === "starting" ? tables.get(cell) : undefined;
      return beginInOrder(ctx, made ?? prepare(cell));
    },
    call: supervisorCalls,
    onChild: forgetTemporary,
  });
  addMethod(definition.Ref, "child", function (id) {
    const cell = this[CELL];
    if (cell.behaviour !== definition) throw childElsewhere(cell.label, String(id));
    const table = tables.get(cell) ?? prepare(cell);
    if (table.failure !== null && !table.slots.has(String(id))) throw table.failure.error;
    return slotOf(table, String(id)).cell.ref;
  });
  return definition;
}

/** The cell whose code this is; `ctx.self` may lead to where others send, in another thread. */
function ownCell(ctx: Ctx): Cell {
  return (ctx as unknown as Incarnation).cell;
}

function childElsewhere(label: string, id: string): BadInputError {
  return new BadInputError(
    `${label}: child("${id}") answers at once, and ${label} runs in another thread; ask \`await which()\` for its children's refs`,
  );
}

const supervisorCalls = {
  which: (ctx: Ctx): ChildInfo[] => [...ctx.state.slots].map(([id, { cell }]) => infoOf(id, cell)),

  count: (ctx: Ctx) => {
    const cells = [...ctx.state.slots.values()].map(({ cell }) => cell);
    return { specs: cells.length, active: cells.filter((c) => c.status !== "stopped").length };
  },

  start(ctx: Ctx, id: string, entry: AnyChild): unknown {
    checkForCaller(() => checkEntry(ctx.name, id, entry));
    const { slots } = ctx.state;
    if (slots.has(id)) {
      throw refuse(new BadInputError(`${ctx.name}: there is a child "${id}" already`));
    }
    const slot = addSlot(ownCell(ctx), ctx.state, id, entry);
    slot.cell.extra.startedAs = id;
    // One that never came to be is not kept, so that its id is free; one of old keeps its place.
    return beginFor(ctx, slot, () => {
      if (slots.get(id) === slot) slots.delete(id);
    });
  },

  terminate(ctx: Ctx, id: string): unknown {
    const { cell } = callersSlot(ctx, id);
    const reply = ctx.defer<void>();
    ctx.children.stop(cell.ref).then(
      () => reply.resolve(),
      (error: unknown) => reply.reject(error),
    );
    return reply;
  },

  restart(ctx: Ctx, id: string): unknown {
    const slot = callersSlot(ctx, id);
    if (slot.cell.status === "stopped") {
      return beginFor(ctx, addSlot(ownCell(ctx), ctx.state, id, slot.entry));
    }
    const reply = ctx.defer<AnyRef>();
    restart(slot.cell.ref).then(
      () => reply.resolve(slot.cell.ref),
      (error: unknown) => reply.reject(error),
    );
    return reply;
  },

  delete(ctx: Ctx, id: string): void {
    const { cell } = callersSlot(ctx, id);
    if (cell.status !== "stopped") {
      const error = `${ctx.name}: child "${id}" is ${cell.status}; terminate it before you delete it`;
      throw refuse(new BadInputError(error));
    }
    ctx.state.slots.delete(id);
  },
};

/**
 * Forgets a temporary child that was added by `start`: nobody would ever delete it.
 *
 * Those of the specification stay, for `child(id)` is typed by it. OTP forgets both.
 */
function forgetTemporary(ctx: Ctx, event: ChildEvent): void {
  if (event.kind !== "ended") return;
  const { options, rare } = cellOf(event.ref);
  const id = rare?.startedAs;
  if (id == null || options.restart !== "temporary") return;
  if (ctx.state.slots.get(id)?.cell === cellOf(event.ref)) ctx.state.slots.delete(id);
}

function infoOf(id: string, cell: Cell): ChildInfo {
  return {
    id,
    ref: cell.ref,
    name: cell.label,
    status: cell.status,
    restart: cell.options.restart,
    restarts: cell.rare?.restarts ?? 0,
  };
}

/** Makes a child that is not begun yet. */
function addSlot(parent: Cell, table: Table, id: string, entry: AnyChild): Slot {
  const { actor, props, ...options } = entry;
  const behaviour = behaviourOf(actor);
  const before = nextAlive(table, id);
  const cell = parent.kernel.spawnHeld(parent, behaviour, props, options, before);
  // Not registered: what it is called in logs and errors, `shop.stock`, says where it belongs.
  cell.extra.name ??= `${parent.label}.${id}`;
  const slot = { entry, cell };
  table.slots.set(id, slot);
  return slot;
}

/** The child before which one of this id has its place: when it comes back, others build on it. */
function nextAlive({ slots }: Table, id: string): Cell | null {
  if (!slots.has(id)) return null;
  const ids = [...slots.keys()];
  const after = ids.slice(ids.indexOf(id) + 1);
  const next = after.find((other) => slots.get(other)!.cell.status !== "stopped");
  return next === undefined ? null : slots.get(next)!.cell;
}

async function beginInOrder(ctx: Incarnation, table: Table): Promise<Table> {
  if (table.failure !== null) throw table.failure.error;
  for (const { cell } of table.slots.values()) {
    // It may have been stopped or killed since: then nobody else is to begin.
    ctx.check("init");
    cell.wakeFor(MUST_BEGIN);
    // In order: one after the other is the promise
    await started(cell.ref);
  }
  return table;
}

/** Begins a child that a caller asked for: the caller waits for it, the supervisor does not. */
function beginFor(ctx: Ctx, { cell }: Slot, onFailure?: () => void): unknown {
  const reply = ctx.defer<AnyRef>();
  cell.wakeFor(MUST_BEGIN);
  started(cell.ref).then(
    () => reply.resolve(cell.ref),
    (error: unknown) => {
      onFailure?.();
      reply.reject(error);
    },
  );
  return reply;
}

function slotOf(table: Table, id: string): Slot {
  const slot = table.slots.get(id);
  if (slot !== undefined) return slot;
  const known = [...table.slots.keys()].join(", ");
  throw new BadInputError(`supervisor: there is no child "${id}"; there are ${known || "none"}`);
}

function callersSlot(ctx: Ctx, id: string): Slot {
  return checkForCaller(() => slotOf(ctx.state, id));
}

/** What a caller got wrong is the caller's error, and no failure of the supervisor. */
function checkForCaller<R>(fn: () => R): R {
  try {
    return fn();
  } catch (error) {
    throw refuse(error);
  }
}
