import { Behaviour } from "../kernel/behaviour.ts";
import type { Cell, Failure } from "../kernel/cell.ts";
import { BadInputError } from "../kernel/errors.ts";
import type { ExitReason } from "../kernel/exit-reason.ts";
import type { Incarnation } from "../kernel/incarnation.ts";
import type { LinkedExit } from "../kernel/signals.ts";
import { checkCanBeSent } from "../wire/packer.ts";
import { registeredName, registeredNames } from "../wire/definitions.ts";
import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";
import { StandIn, type Lodging } from "./stand-in.ts";

/**
 * The stand-ins of the actors that run in one other node.
 *
 * ```text
 *   this node                         │  the other node
 *   parent ── stand-in ═ name, links, │  body: state, handlers,
 *             │          restarts …   │  │     timers, children
 *             └───── SPAWN, END … ────┼──►
 *             ◄── FAILED, GONE … ─────┼──┘
 * ```
 */
export class StandIns {
  readonly peer: Peer;
  readonly #byNumber = new Map<number, StandIn>();
  /** The last that ran there has ended. */
  #isEmptied = false;
  /** Called when nothing runs there any more, and nothing is to come back from there. */
  onEmpty: (() => void) | null = null;

  constructor(peer: Peer) {
    this.peer = peer;
    const at = (number: number): StandIn | undefined => this.#byNumber.get(number);
    peer.on(ops.STARTED, (reader) => at(reader.next())?.started());
    peer.on(ops.FAILED, (reader) => {
      const standIn = at(reader.next());
      const [error, reason] = reader.value() as [unknown, ExitReason];
      const phase = reader.next<Failure["phase"]>();
      const verb = reader.next<string | null>();
      const killed = reader.next<boolean>();
      const where = verb === null ? {} : { verb };
      standIn?.failed({ error, phase, ...where, reason, killed });
    });
    peer.on(ops.LEAVING, (reader) => at(reader.next())?.leaving(reader.value() as ExitReason));
    peer.on(ops.HELD, (reader) => at(reader.next())?.held(reader.next()));
    peer.on(ops.GONE, (reader) => {
      const standIn = at(reader.next());
      const reason = reader.value() as ExitReason;
      standIn?.gone(reason, reader.next(), reader.next(), reader.value());
    });
    peer.questions.onAllAnswered = () => this.#look();
    peer.onPropsRefused = (number, error, isThere) => at(number)?.propsRefused(error, isThere);
    peer.onClose((reason, error, gone) => {
      for (const standIn of this.#byNumber.values()) standIn.lost(reason, error, gone);
    });
  }

  /** Actors that run there. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** The actors that run there. */
  cells(): Cell[] {
    return Array.from(this.#byNumber.values(), ({ cell }) => cell);
  }

  /** Those that are starting never will, and why. */
  failStarts(error: Error): void {
    for (const standIn of this.#byNumber.values()) standIn.neverLodged(error);
  }

  add(number: number, standIn: StandIn): void {
    this.#byNumber.set(number, standIn);
    this.#isEmptied = false;
  }

  delete(number: number): void {
    if (!this.#byNumber.delete(number)) return;
    this.#isEmptied = this.#byNumber.size === 0;
    this.#look();
  }

  /** Calls that were forwarded by one who has ended are answered over this node. */
  #look(): void {
    if (this.#isEmptied && this.peer.questions.size === 0) this.onEmpty?.();
  }
}

const standIns = new WeakMap<Cell, StandIn>();

/** Makes the behaviour of what stands for actors of a definition that run where `lodging` says. */
export function standInFor(definition: Behaviour, lodging: Lodging): Behaviour {
  return new Behaviour({
    name: definition.name,
    verbs: [...definition.verbs.values()],
    definition,
    settings: definition.settings,
    init: (ctx: Incarnation) => {
      const { cell } = ctx;
      const known = standIns.get(cell) ?? new StandIn(cell, lodging);
      standIns.set(cell, known);
      return known.begin();
    },
    hooks:
      definition.onExit === undefined
        ? undefined
        : {
            onExit: (ctx: Incarnation, exit: LinkedExit) => standIns.get(ctx.cell)?.tellExit(exit),
          },
  });
}

/** Refuses, where it is spawned, what could never begin elsewhere. */
export function checkCanGo(definition: Behaviour, props: unknown): void {
  if (registeredName(definition) === undefined) {
    const known = registeredNames().join(", ") || "nothing";
    throw new BadInputError(
      `spawn(${definition.name}): the definition is not registered, so that no thread can find it; call register({ … }) of troupe/threads in the module that defines it (registered: ${known})`,
    );
  }
  checkCanBeSent(`spawn(${definition.name}): props`, props);
}
