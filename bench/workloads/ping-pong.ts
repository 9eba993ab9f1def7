import { createSystem, implement, type ActorDef, type Ref } from "troupe";
import { race, signal, type Workload } from "../workload.ts";

const MESSAGES = 1_000_000;

interface Player {
  ball(left: number, from: Ref<Player>, done: () => void): void;
}

const Player: ActorDef<Player> = implement<Player>()({
  name: "player",
  cast: {
    ball(ctx, left, from, done) {
      if (left === 0) done();
      else from.ball(left - 1, ctx.self, done);
    },
  },
});

class PlainPlayer {
  other: PlainPlayer | undefined;
  balls = 0;

  ball(): PlainPlayer | undefined {
    this.balls++;
    return this.other;
  }
}

export const pingPong: Workload = {
  name: "ping-pong",
  what: "a message between two actors that take turns",
  measure: async () => {
    const system = createSystem();
    const ping = system.spawn(Player);
    const pong = system.spawn(Player);
    const round = (): Promise<void> => {
      const { fired, fire } = signal();
      ping.ball(MESSAGES - 1, pong, fire);
      return fired;
    };
    const first = new PlainPlayer();
    first.other = new PlainPlayer();
    first.other.other = first;
    const limit = {
      label: "method call",
      round: () => {
        let player: PlainPlayer | undefined = first;
        for (let i = 0; i < MESSAGES; i++) player = player?.ball();
      },
    };
    return [await race({ label: "ping-pong", ops: MESSAGES, round, limit })];
  },
};
