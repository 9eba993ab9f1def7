import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { race, type Workload } from "../workload.ts";

const ACTORS = 500;
/** A ping and a pong between each and every other. */
const MESSAGES = ACTORS * (ACTORS - 1) * 2;

interface Peer {
  ping(from: Ref<Peer>): void;
  pong(): void;
  /** Pings all the others; resolves when all of them have answered. */
  pingAll(peers: readonly Ref<Peer>[]): Promise<void>;
}

const Peer: ActorDef<Peer> = implement<Peer>()({
  name: "peer",
  init: () => ({ missing: 0, done: (): void => {} }),
  cast: {
    ping: (_ctx, from) => from.pong(),
    pong(ctx) {
      if (--ctx.state.missing === 0) ctx.state.done();
    },
  },
  call: {
    pingAll(ctx, peers) {
      const { self, state } = ctx;
      const reply = ctx.defer<void>();
      state.missing = peers.length - 1;
      state.done = () => reply.resolve();
      for (const peer of peers) if (peer !== self) peer.ping(self);
      return reply;
    },
  },
});

class PlainPeer {
  pongs = 0;

  ping(from: PlainPeer): void {
    from.pong();
  }

  pong(): void {
    this.pongs++;
  }
}

export const big: Workload = {
  name: "big",
  what: "a message, when 500 actors all talk to all the others",
  measure: async () => {
    const system = createSystem();
    const peers = Array.from({ length: ACTORS }, () => system.spawn(Peer));
    const round = async (): Promise<void> => {
      await Promise.all(peers.map((peer) => peer.pingAll(peers)));
    };
    const plain = Array.from({ length: ACTORS }, () => new PlainPeer());
    const limit = {
      label: "method call",
      round: () => {
        for (const a of plain) for (const b of plain) if (a !== b) b.ping(a);
      },
    };
    return [await race({ label: "big", ops: MESSAGES, round, limit })];
  },
};
