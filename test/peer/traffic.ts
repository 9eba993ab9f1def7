import { STAND_IN, type Place } from "../../src/kernel/place.ts";
import type { Peer } from "../../src/peer/peer.ts";
import { standInFor } from "../../src/peer/stand-ins.ts";
import type { Batch } from "../../src/peer/transport.ts";
import { gate } from "../support/gate.ts";
import type { Guest } from "./pair.ts";

/** Lets all that is under way between nodes arrive, and all that it leads to be done. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await new Promise<void>((done) => setImmediate(done));
}

/** Keeps what comes to a node from it, until the way is opened: what crosses, crosses then. */
export function holdBack(peer: Peer): { open(): void } {
  const receive = peer.receive.bind(peer);
  const held: Batch[] = [];
  peer.receive = (batch) => {
    held.push(batch);
    return true;
  };
  return {
    open() {
      peer.receive = receive;
      for (const batch of held) receive(batch);
    },
  };
}

/** A place whose node is there only when it is opened, as that of a thread that starts. */
export function placeLater(guest: Guest): { readonly place: Place; open(): void } {
  const found = gate();
  let isOpen = false;
  const lodging = {
    lodge: () => (isOpen ? guest.standIns : found.passed),
    urge: (): void => {},
  };
  return {
    place: { [STAND_IN]: (behaviour) => standInFor(behaviour, lodging) },
    open() {
      isOpen = true;
      found.open();
    },
  };
}
