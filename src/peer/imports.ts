import { watchCollection } from "../world/host.ts";
import { AWAY, CLOSED, FOREIGN, HAS_WAITED, Cell } from "../kernel/cell.ts";
import { bury } from "../kernel/death.ts";
import type { ExitReason } from "../kernel/exit-reason.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { resolveOptions, type WhenFull } from "../kernel/options.ts";
import { UNREF } from "../wire/ops.ts";
import type { KindsHeard } from "./kinds.ts";
import type { Outbox } from "./outbox.ts";
import type { Reader } from "./reader.ts";
import type { Door } from "../kernel/door.ts";

interface Imported {
  /** Held while the actor lives; after that only by whoever holds a ref to it. */
  stub: Cell | WeakRef<Cell>;
  told: number;
}

/**
 * The actors of the other side of which this one was sent refs: a stub for each.
 *
 * A stub is a cell, so that a ref to it is a ref like any other, and what watches it is told like
 * any other watcher.
 */
export class Imports {
  readonly #kernel: Kernel;
  readonly #kinds: KindsHeard;
  readonly #outbox: Outbox;
  readonly #doorTo: (stub: Cell, number: number) => Door;
  readonly #byNumber = new Map<number, Imported>();
  readonly #numbers = new WeakMap<Cell, number>();
  readonly #watch: (stub: object, number: number) => void;

  constructor(
    kernel: Kernel,
    kinds: KindsHeard,
    outbox: Outbox,
    doorTo: (stub: Cell, number: number) => Door,
  ) {
    this.#kernel = kernel;
    this.#kinds = kinds;
    this.#outbox = outbox;
    this.#doorTo = doorTo;
    this.#watch = watchCollection((number: number) => this.#letGo(number));
  }

  /** Takes notice of an actor: the first of it, or, when it has ended, one more. */
  hear(reader: Reader): void {
    const number = reader.next<number>();
    const kind = reader.next<number>();
    const known = this.#byNumber.get(number);
    if (known !== undefined && this.get(number) !== undefined) {
      known.told++;
      return;
    }
    const label = reader.next<string>();
    const node = reader.next<string>();
    const incarnation = reader.next<string>();
    const id = reader.next<number>();
    const stub = this.#makeStub(kind, label, reader.next<WhenFull>());
    stub.extra.far = { node, incarnation, id };
    stub.extra.door = this.#doorTo(stub, number);
    this.#byNumber.set(number, { stub, told: (known?.told ?? 0) + 1 });
    this.#numbers.set(stub, number);
  }

  #makeStub(kind: number, label: string, whenFull: WhenFull): Cell {
    const { behaviour } = this.#kinds.at(kind);
    const given = whenFull === "reject" ? undefined : { mailbox: { whenFull } };
    const options = resolveOptions(behaviour, "system", given, Infinity);
    const stub = new Cell(this.#kernel, behaviour, options, null, undefined);
    stub.extra.name = label;
    stub.status = "running";
    // Whose a message without a sender is, nobody here knows: it may be its.
    stub.flags |= AWAY | FOREIGN | HAS_WAITED;
    return stub;
  }

  get(number: number): Cell | undefined {
    const stub = this.#byNumber.get(number)?.stub;
    return stub instanceof Cell ? stub : stub?.deref();
  }

  /** The number of a stub that stands for an actor of the other side; 0 for any other cell. */
  numberOf(cell: Cell): number {
    return this.#numbers.get(cell) ?? 0;
  }

  /** The actor has ended: whoever watches it here is told. */
  down(number: number, reason: ExitReason): void {
    const imported = this.#byNumber.get(number);
    const stub = this.get(number);
    if (imported === undefined || stub === undefined || stub.status === "stopped") return;
    imported.stub = new WeakRef(stub);
    this.#watch(stub, number);
    end(stub, reason);
  }

  #letGo(number: number): void {
    const imported = this.#byNumber.get(number);
    // Told of anew since: then somebody holds that one.
    if (imported === undefined || this.get(number) !== undefined) return;
    this.#byNumber.delete(number);
    this.#outbox.say(UNREF, number, imported.told);
  }

  /** The other side is gone, and all that was there. */
  close(reason: ExitReason): void {
    for (const { stub } of this.#byNumber.values()) {
      if (stub instanceof Cell && stub.status !== "stopped") end(stub, reason);
    }
    this.#byNumber.clear();
  }
}

/** Ends a stub: nobody finds it, whoever watches is told, what is sent to it is a dead letter. */
function end(stub: Cell, reason: ExitReason): void {
  const { registry, groups } = stub.kernel;
  registry.release(stub);
  groups.leaveAll(stub);
  stub.flags = (stub.flags | CLOSED) & ~AWAY;
  bury(stub, reason, false);
}
