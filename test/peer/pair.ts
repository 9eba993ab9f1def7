import { createSystem, type System } from "troupe";
import { actor } from "troupe";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { STAND_IN, type Place } from "../../src/kernel/place.ts";
import { cellOf } from "../../src/kernel/ref.ts";
import { Bodies } from "../../src/peer/bodies.ts";
import { shareWith } from "../../src/peer/common.ts";
import { Peer } from "../../src/peer/peer.ts";
import { checkCanGo, StandIns, standInFor } from "../../src/peer/stand-ins.ts";
import type { Batch, Transport } from "../../src/peer/transport.ts";

/*
 * Two nodes in one isolate, with a transport that copies as a message port does and delivers in a
 * microtask: whatever is promised across nodes can be asked without a thread.
 */

const Nobody = actor({ name: "nobody" });

function kernelOf(system: System): Kernel {
  return cellOf(system.spawn(Nobody)).kernel;
}

class Wire implements Transport {
  to: Peer | null = null;
  sent = 0;

  post(batch: Batch, transfers: readonly object[]): void {
    const copy = structuredClone(batch, { transfer: transfers as Transferable[] });
    this.sent++;
    queueMicrotask(() => this.to!.receive(copy));
  }
}

type Transferable = ArrayBuffer;

/** A node in which a system was made, and any number of others that run actors for it. */
export class Nodes implements AsyncDisposable {
  readonly system: System;
  readonly #guests: System[] = [];

  constructor(system = createSystem({ name: "home", logger: false })) {
    this.system = system;
  }

  /** One more node; actors are put on it by `on`. */
  guest(window = 1_000): Guest {
    const home = kernelOf(this.system);
    const name = `guest${this.#guests.length}`;
    const system = createSystem({ name, logger: false });
    this.#guests.push(system);
    return new Guest(home, kernelOf(system), name, window);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.stop();
    for (const guest of this.#guests) await guest.stop();
  }
}

/** Puts actors on the node that `choose` says, each time that they begin anew. */
export function placeOn(choose: () => Guest): Place {
  const lodging = { lodge: () => choose().standIns, urge: (): void => {} };
  return {
    [STAND_IN](behaviour, props) {
      checkCanGo(behaviour, props);
      return standInFor(behaviour, lodging);
    },
  };
}

export class Guest {
  readonly kernel: Kernel;
  readonly place: Place;
  readonly home: Peer;
  readonly peer: Peer;
  readonly standIns: StandIns;
  readonly bodies: Bodies;

  constructor(home: Kernel, guest: Kernel, name: string, window: number) {
    this.kernel = guest;
    const there = new Wire();
    const back = new Wire();
    this.home = new Peer(home, there, { name, window });
    this.peer = new Peer(guest, back, { name: "home", window });
    there.to = this.peer;
    back.to = this.home;
    this.standIns = new StandIns(this.home);
    this.bodies = new Bodies(this.peer);
    shareWith(this.home, true);
    shareWith(this.peer, false);
    // As in a thread, which knows in whose system it is.
    Object.assign(guest, { root: home.root });
    this.place = placeOn(() => this);
  }

  /** The way is cut: both sides lose each other. */
  cut(): void {
    const error = new Error("cut");
    this.home.close({ kind: "failed", error }, error);
    this.peer.close({ kind: "failed", error }, error);
  }
}
