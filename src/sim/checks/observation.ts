import type { Cell } from "../../kernel/cell.ts";
import type { Envelope } from "../../kernel/envelope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SystemEvent } from "../../index.ts";
import type { ActorRecord } from "../actor-record.ts";
import type { History } from "../history/history.ts";

/** What an observation can ask of the run that it watches. */
export interface Observed {
  readonly history: History;
  now(): number;
  /** The label of an actor, over lives of the process. */
  labelOf(cell: Cell): string;
  /** The actor of this label that lives, where it ever had a turn. */
  find(kernel: Kernel, label: string): Cell | undefined;
  /** The systems of the present life of the process. */
  kernels(): readonly Kernel[];
}

/**
 * Watches one run. What it is not interested in it leaves out: then nobody pays for it.
 *
 * Each says what is wrong, where something is.
 */
export interface Observer {
  sent?(envelope: Envelope): string | undefined;
  handled?(cell: Cell, record: ActorRecord, envelope: Envelope): string | undefined;
  event?(event: SystemEvent, kernel: Kernel): string | undefined;
  stepped?(): string | undefined;
  /** The process has crashed: nothing that it began will be finished. */
  crashed?(): void;
  /** All is over: the clients are done, the systems have stopped. */
  ended?(): string | undefined;
}

/** A ready-made check, begun anew for each run. */
export class Observation {
  /** @internal */
  readonly begin: (run: Observed) => Observer;

  /** @internal */
  constructor(begin: (run: Observed) => Observer) {
    this.begin = begin;
  }
}
