import { Behaviour } from "../kernel/behaviour.ts";
import { BUSY, Cell, MUST_BEGIN, type Failure, type Family } from "../kernel/cell.ts";
import { endIncarnation, kill } from "../kernel/death.ts";
import { BadInputError, type StartFailure } from "../kernel/errors.ts";
import { KILLED, type DownReason, type ExitReason } from "../kernel/exit-reason.ts";
import { resolveOptions, type CellOptions } from "../kernel/options.ts";
import { cellOf, type AnyRef } from "../kernel/ref.ts";
import { tellExit } from "../kernel/signals.ts";
import { requestStop } from "../kernel/stop.ts";
import { registered, registeredNames } from "../wire/definitions.ts";
import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";
import type { Reader } from "./reader.ts";
import type { StubDoor } from "./stub-door.ts";

const HOUSE = new Behaviour({ name: "thread", verbs: [] });

/** One actor whose code runs here, and whose home is the other node. */
interface Body {
  readonly cell: Cell;
  readonly number: number;
  /** Why it has failed, or wants to leave, while it waits to hear what becomes of it. */
  suspended: ExitReason | null;
}

/**
 * The actors that run in this node for the other one: what looks after them, on behalf of their
 * stand-ins there.
 *
 * It decides nothing. An actor that fails is suspended, and its stand-in's supervisor says whether
 * it goes on, begins again or ends.
 */
export class Bodies implements Family {
  readonly #peer: Peer;
  readonly #house: Cell;
  readonly #bodies = new Map<Cell, Body>();

  constructor(peer: Peer) {
    this.#peer = peer;
    const { kernel } = peer;
    const options = resolveOptions(HOUSE, "system", undefined, kernel.capacity);
    this.#house = new Cell(kernel, HOUSE, options, null, undefined);
    this.#house.extra.name = kernel.name;
    this.#house.family = this;
    const body = (number: number): Body | undefined => {
      const cell = peer.bodies.get(number);
      return cell === undefined ? undefined : this.#bodies.get(cell);
    };
    peer.on(ops.SPAWN, (reader) => this.#spawn(reader));
    peer.on(ops.BEGIN, (reader) => this.#begin(body(reader.next()), reader));
    peer.on(ops.RESUME, (reader) => this.#resume(body(reader.next())));
    peer.on(ops.END, (reader) => this.#hearEnd(body(reader.next()), reader));
    peer.on(ops.HEAR_EXIT, (reader) => hearExit(body(reader.next())?.cell, reader));
    peer.onStubDown((number) => {
      const present = body(number);
      // Its stand-in has ended while it waited to be begun again: nobody will.
      if (present !== undefined) kill(present.cell, true);
    });
  }

  // --- what the stand-ins say ------------------------------------------------------------------

  #spawn(reader: Reader): void {
    const number = reader.next<number>();
    const name = reader.next<string>();
    const props = reader.value();
    const given = reader.next<Pick<CellOptions, "capacity" | "whenFull" | "stash" | "priority">>();
    const { imports, bodies, kernel } = this.#peer;
    const stub = imports.get(number);
    if (stub === undefined) return;
    const definition = registered(name);
    if (definition === undefined) return this.#refuse(number, stub.label, name);
    const { capacity, whenFull, stash, priority } = given;
    const options = resolveOptions(
      definition,
      "actor",
      { mailbox: { capacity, whenFull, stash }, priority, initTimeout: Infinity },
      kernel.capacity,
    );
    const cell = new Cell(kernel, definition, options, this.#house, props);
    cell.extra.name = stub.label;
    cell.extra.identity = stub;
    // What it joined in a thread that is lost, it joins here anew, if it does: nothing is counted yet.
    kernel.groups.recount(stub);
    bodies.set(number, cell);
    this.#bodies.set(cell, { cell, number, suspended: null });
    const { road } = stub.rare!.door as StubDoor;
    if (!road.used) road.body = cell;
    kernel.stats.spawned++;
    cell.flags = BUSY;
    cell.wakeFor(MUST_BEGIN);
  }

  #refuse(number: number, label: string, name: string): void {
    const known = registeredNames().join(", ") || "nothing";
    const error = new BadInputError(
      `${label}: "${name}" is not registered on ${this.#peer.kernel.name}, which knows ${known}; register it in the module that the thread loads`,
    );
    const reason: ExitReason = { kind: "failed", error };
    this.#say(ops.GONE, number, reason, "failed", error.message, error);
  }

  #begin(body: Body | undefined, reader: Reader): void {
    if (body === undefined) return;
    const { cell } = body;
    if (reader.left > 0) cell.props = reader.value();
    cell.wakeFor(MUST_BEGIN);
  }

  #resume(body: Body | undefined): void {
    if (body === undefined || body.suspended === null) return;
    body.suspended = null;
    body.cell.flags &= ~BUSY;
    body.cell.resume();
  }

  #hearEnd(body: Body | undefined, reader: Reader): void {
    const reason = reader.value() as ExitReason;
    const final = reader.next<boolean>();
    const killed = reader.next<boolean>();
    const order = reader.next<number>();
    if (body === undefined) return;
    const { cell } = body;
    const onHeld = final ? null : (): void => this.#say(ops.HELD, body.number, order);
    const isHeld = cell.incarnation === null && cell.rare?.ending == null;
    if (isHeld && onHeld !== null) {
      cell.flags &= ~MUST_BEGIN;
      cell.status = "restarting";
      return onHeld();
    }
    const { suspended } = body;
    body.suspended = null;
    if (suspended !== null && cell.rare?.ending == null) {
      if (killed) cell.incarnation?.fence(KILLED);
      const why = killed ? KILLED : suspended;
      endIncarnation(cell, why, { final, killed, ...(onHeld === null ? {} : { onHeld }) });
    } else if (killed) {
      if (onHeld !== null) requestStop(cell, reason, false, onHeld);
      kill(cell, final);
    } else {
      requestStop(cell, reason, final, onHeld);
    }
  }

  // --- what happens to the bodies --------------------------------------------------------------

  failed(child: Cell, { error, phase, verb, reason, killed }: Failure): void {
    const { number } = this.#bodies.get(child)!;
    // Together, for the reason holds the error: it is to be the same one there.
    this.#say(ops.FAILED, number, [error, reason], phase, verb ?? null, killed);
    const stop = child.rare?.stop;
    if (stop == null) return this.#suspend(child, reason);
    // It was to end when its handler is done, so that there is nothing to decide.
    const { order, onHeld } = stop;
    endIncarnation(child, reason, {
      final: order,
      killed,
      ...(onHeld === null ? {} : { onHeld }),
    });
  }

  leaving(child: Cell, reason: ExitReason): void {
    this.#say(ops.LEAVING, this.#bodies.get(child)!.number, reason);
    this.#suspend(child, reason);
  }

  /** Takes no message more until its stand-in has decided. */
  #suspend(child: Cell, reason: ExitReason): void {
    child.flags |= BUSY;
    child.current = null;
    this.#bodies.get(child)!.suspended = reason;
  }

  started(child: Cell): void {
    this.#say(ops.STARTED, this.#bodies.get(child)!.number);
    // What it is about to do may hold this thread: that it has started is known before that.
    if (child.mailbox.size > 0) this.#peer.outbox.flush();
  }

  beginByHand(child: Cell): void {
    child.wakeFor(MUST_BEGIN);
  }

  gone(child: Cell, reason: ExitReason): void {
    const { number } = this.#bodies.get(child)!;
    this.#bodies.delete(child);
    this.#peer.bodies.delete(number);
    this.#peer.streams.drop(child);
    const { rare } = child;
    const door = rare!.identity!.rare?.door as StubDoor | null;
    if (door != null) door.road.body = null;
    const { startError } = rare!;
    const why: StartFailure | null = startError?.why ?? null;
    this.#say(ops.GONE, number, reason, why, startError?.message ?? "", startError?.cause);
  }

  #say(op: number, ...parts: readonly unknown[]): void {
    this.#peer.outbox.report(op, ...parts);
  }

  // --- as a family: it is asked for nothing else -----------------------------------------------

  get size(): number {
    return this.#bodies.size;
  }

  list(): Cell[] {
    return [...this.#bodies.keys()];
  }

  abandonPlans(): void {}

  stopAll(done: () => void): void {
    done();
  }
}

function hearExit(cell: Cell | undefined, reader: Reader): void {
  const from = reader.value() as AnyRef | undefined;
  reader.next<string>();
  const reason = reader.value() as DownReason;
  if (cell !== undefined && from !== undefined) tellExit(cell, cellOf(from), reason);
}
