import { actor, type ActorSettings, type WhenFull } from "troupe";
import { type TestKit } from "troupe/testing";
import { gate } from "./gate.ts";

/** An actor of small capacity that is held by its first message until the door opens. */
export function held(kit: TestKit, mailbox: NonNullable<ActorSettings["mailbox"]>) {
  const door = gate();
  const log: string[] = [];
  const Held = actor({
    name: "held",
    cast: {
      hold: () => door.passed,
      put: (_ctx, what: string) => void log.push(what),
    },
    call: {
      ask: (_ctx, what: string) => {
        log.push(what);
        return what;
      },
    },
  });
  const ref = kit.system.spawn(Held, undefined, { mailbox });
  return { ref, door, log };
}

export async function heldFull(kit: TestKit, whenFull: WhenFull, capacity = 2) {
  const parts = held(kit, { capacity, whenFull });
  parts.ref.hold();
  await kit.run();
  for (let n = 1; n <= capacity; n++) parts.ref.put(`old ${n}`);
  return parts;
}
