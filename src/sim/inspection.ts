import type { Cell } from "../kernel/cell.ts";
import type { Envelope } from "../kernel/envelope.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { System } from "../kernel/system.ts";
import type { ActorRecord } from "./actor-record.ts";
import { Observation, type Observed, type Observer } from "./checks/observation.ts";
import type { Watchers } from "./machine.ts";
import { complaintOf, type Check, type Verdict, type View } from "./scenario.ts";
import { show } from "./show.ts";

/** Something did not hold. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, complaint: string, cause?: unknown) {
    super(complaint, { cause });
    this.name = "Violation";
    this.invariant = invariant;
  }
}

interface Named<T> {
  readonly name: string;
  readonly check: T;
}

/** What a condition says, where a throw is a no as well. */
export function ask<App>(name: string, check: (view: View<App>) => Verdict, view: View<App>): void {
  let verdict: Verdict;
  try {
    verdict = check(view);
  } catch (error) {
    throw new Violation(name, show(error), error);
  }
  const complaint = complaintOf(verdict);
  if (complaint !== undefined) throw new Violation(name, complaint);
}

/** Asks every check of a scenario, whenever it may have something to say. */
export class Inspection<App> implements Watchers {
  readonly #conditions: Named<(view: View<App>) => Verdict>[] = [];
  readonly #observers: Named<Observer>[] = [];
  readonly #seers: Named<Observer>[];
  readonly #listeners: Named<Observer>[];
  readonly #others: Watchers | null;
  /** Undefined while there is nothing to look at: during `boot`, and while the process is down. */
  view: View<App> | undefined;
  /** What there will be to look at as soon as it is ready. */
  #next: { readonly view: View<App>; readonly isReady: () => boolean } | undefined;
  /** The first that did not hold while an actor's own code was on the stack. */
  #held: Violation | undefined;

  constructor(
    checks: Readonly<Record<string, Check<App>>>,
    observed: Observed,
    others: Watchers | null,
  ) {
    for (const [name, check] of Object.entries(checks)) {
      if (check instanceof Observation)
        this.#observers.push({ name, check: check.begin(observed) });
      else this.#conditions.push({ name, check });
    }
    this.#seers = this.#observers.filter(({ check }) => check.handled !== undefined);
    this.#listeners = this.#observers.filter(({ check }) => check.sent !== undefined);
    this.#others = others;
  }

  created(system: System, kernel: Kernel): void {
    this.#others?.created(system, kernel);
    for (const { name, check } of this.#observers) {
      if (check.event === undefined) continue;
      system.on((event) => this.#hold(name, check.event!(event, kernel)));
    }
  }

  sent(envelope: Envelope): void {
    this.#others?.sent(envelope);
    for (const { name, check } of this.#listeners) this.#hold(name, check.sent!(envelope));
  }

  handled(cell: Cell, record: ActorRecord, envelope: Envelope): void {
    this.#others?.handled(cell, record, envelope);
    for (const { name, check } of this.#seers) {
      this.#hold(name, check.handled!(cell, record, envelope));
    }
  }

  /** An actor's own code must not get to see a check's verdict: it could catch it. */
  #hold(name: string, complaint: string | undefined): void {
    if (complaint !== undefined) this.#held ??= new Violation(name, complaint);
  }

  stepped(): void {
    this.#others?.stepped();
    if (this.#held !== undefined) throw this.#held;
    for (const { name, check } of this.#observers) {
      const complaint = check.stepped?.();
      if (complaint !== undefined) throw new Violation(name, complaint);
    }
    if (this.#next?.isReady() === true) this.view = this.#next.view;
    const { view } = this;
    if (view === undefined) return;
    this.#next = undefined;
    for (const { name, check } of this.#conditions) ask(name, check, view);
  }

  /** Looks at it from the step on after which it is ready. */
  lookSoon(view: View<App>, isReady: () => boolean): void {
    if (isReady()) this.view = view;
    else this.#next = { view, isReady };
  }

  /** There is nothing to look at any more. */
  lookAway(): void {
    this.view = this.#next = undefined;
  }

  crashed(): void {
    this.lookAway();
    for (const { check } of this.#observers) check.crashed?.();
  }

  ended(): void {
    if (this.#held !== undefined) throw this.#held;
    for (const { name, check } of this.#observers) {
      const complaint = check.ended?.();
      if (complaint !== undefined) throw new Violation(name, complaint);
    }
  }
}
