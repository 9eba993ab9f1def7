import type { Cell } from "./cell.ts";
import type { Envelope } from "./envelope.ts";
import type { DownReason, ExitReason } from "./exit-reason.ts";

/** What is done to an actor at its home, and answered when it is done there. */
export type Errand = "started" | "kill" | "restart";

/**
 * The road to an actor that runs in another node, a thread or a machine.
 *
 * ```text
 *   ref ─► router ─► cell AWAY? ─ no ─► its mailbox
 *                        └─ yes ──────► its door ─► … ─► the router there
 * ```
 *
 * Cells of two kinds have one. A stand-in (`AWAY`) is an actor of this node whose code runs
 * elsewhere: who it is, its name, links and restarts are this node's business. A stub (`AWAY` and
 * `FOREIGN`) is what this node knows of an actor whose home is elsewhere: everything that is done
 * to it is done there, and it ends here when word of its end comes.
 */
export interface Door {
  /** Sends it on; a full window, or a lost connection, is seen to as the receiver's policy says. */
  deliver(envelope: Envelope): void;
  /** A message more would be one too many on the way. */
  readonly isFull: boolean;
  waitForRoom(onRoom: () => void): void;
  drain(): void;
}

/** The door of a stub. */
export interface FarDoor extends Door {
  stop(reason: ExitReason): void;
  run(errand: Errand): Promise<void>;
  /** Notes at the actor's home that it is linked to `other`, or is no longer. */
  link(other: Cell): void;
  unlink(other: Cell): void;
  /** An incarnation that it is linked to has ended here. */
  exited(from: Cell, reason: DownReason): void;
}

/** The door of a cell that is `AWAY`. */
export function doorOf(cell: Cell): Door {
  return cell.rare!.door!;
}

/** The door of a cell that is `FOREIGN`. */
export function farDoorOf(cell: Cell): FarDoor {
  return cell.rare!.door as FarDoor;
}

/** Whom others know: for the code that runs on behalf of an actor whose home is elsewhere, that one. */
export function identityOf(cell: Cell): Cell {
  return cell.rare?.identity ?? cell;
}

/** What tells an actor from all others, and is the same in all nodes of a system. */
export function idInAllNodes({ kernel, id, rare }: Cell): string {
  const far = rare === null ? null : rare.far;
  const node = far === null ? kernel.incarnation : far.incarnation;
  const number = far === null ? id : far.id;
  return node === kernel.root ? String(number) : `${node}/${number}`;
}
