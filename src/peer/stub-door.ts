import type { Cell } from "../kernel/cell.ts";
import type { Errand, FarDoor } from "../kernel/door.ts";
import type { Envelope } from "../kernel/envelope.ts";
import type { DownReason, ExitReason } from "../kernel/exit-reason.ts";
import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";
import { Road } from "./road.ts";

/** The door of a stub: whatever is done to the actor is done at its home. */
export class StubDoor implements FarDoor {
  readonly #peer: Peer;
  readonly #number: number;
  readonly road: Road;

  constructor(peer: Peer, stub: Cell, number: number) {
    this.#peer = peer;
    this.#number = number;
    this.road = new Road(peer, stub, number);
  }

  deliver(envelope: Envelope): void {
    this.road.deliver(envelope);
  }

  get isFull(): boolean {
    return this.#peer.window.isFull;
  }

  waitForRoom(onRoom: () => void): void {
    this.#peer.window.waitForRoom(onRoom);
  }

  stop(reason: ExitReason): void {
    this.#peer.outbox.report(ops.STOP, this.#number, reason);
  }

  drain(): void {
    this.#peer.outbox.say(ops.DRAIN, this.#number);
  }

  run(errand: Errand): Promise<void> {
    const { tag, answer } = this.#peer.questions.ask();
    this.#peer.outbox.say(ops.ERRAND, this.#number, tag, errand);
    return answer;
  }

  link(other: Cell): void {
    this.#peer.outbox.tell(ops.LINK, "link", this.#number, other.ref);
  }

  unlink(other: Cell): void {
    this.#peer.outbox.tell(ops.UNLINK, "unlink", this.#number, other.ref);
  }

  exited(from: Cell, reason: DownReason): void {
    this.#peer.outbox.report(ops.EXITED, this.#number, from.ref, reason);
  }
}
