import {
  BadInputError,
  implement,
  refuse,
  type ActorDef,
  type AnyRef,
  type SpawnOptions,
} from "../index.ts";
import { behaviourOf } from "../kernel/behaviour.ts";
import { checkSettings } from "../kernel/options.ts";
import type { Connection, Endpoint } from "./connection.ts";
import { resolveLimits, type ServerLimits } from "./limits.ts";
import { checkListen, listen, type ListenOptions } from "./listen.ts";
import { Reception, type ServerStats } from "./reception.ts";
import { TlsEntrance } from "./tls-entrance.ts";

/** A server that listens. */
export interface TcpServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  address(): Promise<Endpoint>;
  stats(): Promise<ServerStats>;
  /**
   * Asks `tls` again: who connects from now on sees the new certificate, all others go on.
   *
   * Rejects with what was thrown, or what Node says of the new certificate; then the old one stays.
   */
  renew(): Promise<void>;
}

/** What `tcpServer` is made from: where it listens, and who looks after each connection. */
export interface TcpServerSpec {
  /**
   * The actor of one connection, which it gets as its props.
   *
   * It is a child of the server's, and never restarted: its end is the connection's. When it ends
   * normally, what it has written is sent before; when it fails or is killed, the peer sees a reset.
   */
  readonly connection: ActorDef<unknown, Connection>;
  /** How it is spawned. Its `shutdown` is the time it has to finish when the server ends. */
  readonly child?: Omit<SpawnOptions, "restart" | "name">;
  readonly limits?: ServerLimits;
  /**
   * The peer may end its side and still wait for answers: the actor hears of it as the end of its
   * source, and ends when it is done. Default false: then it is drained.
   */
  readonly halfOpen?: boolean;
  /** What a connection over the limit is told before it is closed; not where it is encrypted. */
  readonly refusal?: string | Uint8Array;
  /** In labels and logs. Default `tcp-server`. */
  readonly name?: string;
}

/**
 * Defines a server: an actor that listens, with a child for each connection.
 *
 * It has started when it listens; when it cannot, the start fails, with the host's error as the
 * cause. When it ends, however that comes, it accepts nothing more, its connections' actors are
 * stopped within their shutdown time, and no socket stays behind.
 */
export function tcpServer(spec: TcpServerSpec): ActorDef<TcpServer, ListenOptions> {
  const limits = resolveLimits("tcpServer: limits", spec.limits);
  // Now, and not when the first peer comes.
  behaviourOf(spec.connection);
  checkSettings("tcpServer: child", spec.child ?? {});
  const refusal: unknown = spec.refusal ?? "";
  if (typeof refusal !== "string" && !(refusal instanceof Uint8Array)) {
    throw new BadInputError(`tcpServer: refusal is ${typeof refusal}; it must be text or bytes`);
  }
  // The port that an actor once got: after a restart its clients look for it there.
  const found = new WeakMap<AnyRef, number>();
  return implement<TcpServer>()({
    name: spec.name ?? "tcp-server",
    shutdown: "infinity",
    supervision: { strategy: "dynamic" },
    init: async (ctx, options: ListenOptions) => {
      checkListen(options);
      const { tls } = options;
      const entrance = tls === undefined ? null : await TlsEntrance.open(tls, ctx.signal);
      const where = options.port === 0 ? { ...options, port: found.get(ctx.self) ?? 0 } : options;
      const listener = await listen(where, limits.writeBytes, ctx.signal);
      if (options.port === 0) found.set(ctx.self, listener.address.port);
      const reception = new Reception(ctx, listener, { ...spec, limits, entrance });
      return { reception, entrance };
    },
    call: {
      address: (ctx) => ctx.state.reception.address,
      stats: (ctx) => ctx.state.reception.stats(),
      async renew(ctx) {
        const { entrance } = ctx.state;
        if (entrance === null) {
          throw refuse(new BadInputError(`${ctx.name}: there is no certificate, it has no tls`));
        }
        await entrance.renew().catch((error: unknown) => {
          throw refuse(error);
        });
      },
    },
    async exit(ctx) {
      await ctx.state?.reception.closed;
    },
  });
}
