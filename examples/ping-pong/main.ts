import { createSystem, exited, implement, type ActorDef, type Ref } from "troupe";

/*
 * Two actors that know each other. Each has its contract, a plain interface: that is how the type
 * of one can name the other before either is defined.
 */
interface Ping {
  pong(round: number): void;
}
interface Pong {
  ping(round: number, from: Ref<Ping>): void;
}

interface PingProps {
  readonly rounds: number;
  readonly partner: Ref<Pong>;
}

const Ping: ActorDef<Ping, PingProps> = implement<Ping>()({
  name: "ping",
  init: (ctx, { partner }: PingProps) => partner.ping(1, ctx.self),
  cast: {
    pong(ctx, round) {
      const { rounds, partner } = ctx.props;
      console.log(`pong ${round}`);
      if (round < rounds) partner.ping(round + 1, ctx.self);
      else ctx.stop();
    },
  },
  exit: (ctx) => console.log(`${ctx.name} has played enough`),
});

const Pong: ActorDef<Pong> = implement<Pong>()({
  name: "pong",
  cast: {
    ping(ctx, round, from) {
      // With nobody to play with, there is nothing left to do.
      if (round === 1) ctx.monitor(from, () => ctx.stop());
      console.log(`ping ${round}`);
      from.pong(round);
    },
  },
  exit: (ctx) => console.log(`${ctx.name} goes home too`),
});

await using system = createSystem();
const pong = system.spawn(Pong, undefined, { name: "pong" });
system.spawn(Ping, { rounds: 10, partner: pong }, { name: "ping" });
await exited(pong);
