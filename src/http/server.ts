import type { IncomingMessage, Server, ServerResponse } from "node:http";
import {
  actor,
  implement,
  KilledError,
  monitor,
  type ActorDef,
  type AnyRef,
  type ExitReason,
  type InitContext,
} from "../index.ts";
import { kernelOf } from "../kernel/kernel-of.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { cellOf } from "../kernel/ref.ts";
import { besideActors } from "../kernel/running.ts";
import type { ErrorMapping } from "./failure.ts";
import { checkSpec } from "./check-spec.ts";
import { serveFetch, type FetchHandler } from "./fetch-handler.ts";
import { resolveLimits, type HttpLimits } from "./limits.ts";
import {
  addressOf,
  checkListen,
  listen,
  makeServer,
  type HttpAddress,
  type HttpListenOptions,
  type TlsOptions,
} from "./listen.ts";
import type { Serve } from "./http-request.ts";
import { Reception } from "./reception.ts";
import type { RequestScope } from "./request-scope.ts";
import type { HttpStats } from "./stats.ts";
import { waitFor } from "./wait-for.ts";

/** A server that listens. */
export interface HttpServer {
  /** Where it listens; the port is the real one when 0 was asked for. */
  address(): Promise<HttpAddress>;
  stats(): Promise<HttpStats>;
}

/** Answers a request as listeners of `node:http` do; may be async. */
export type Listener<S = unknown> = (
  request: IncomingMessage,
  response: ServerResponse,
  scope: RequestScope<S>,
) => unknown;

/** What every server may say. `S` is what its handlers are handed, `P` what it is spawned with. */
export interface HttpServerSettings<S, P> {
  /**
   * Runs before it listens; what it returns is `scope.state` of every request.
   *
   * Actors that it spawns are the server's children: they are there as long as requests are.
   */
  readonly init?: (
    ctx: InitContext<P & HttpListenOptions>,
    props: P & HttpListenOptions,
  ) => S | Promise<S>;
  /**
   * Runs when the last request is done, at every end but a kill; also where it could not listen.
   *
   * The server waits `shutdownMs` for it, and then ends without it.
   */
  readonly exit?: (state: S, reason: ExitReason) => void | Promise<void>;
  /**
   * Time that a request may take until the last of its answer is on its way, in ms, by request if
   * it is a function; a handler can set another by `scope.limit`. Default 30,000.
   */
  readonly deadlineMs?: number | ((request: IncomingMessage) => number);
  /** Time for requests under way when the server ends, and then for `exit`, in ms. Default 5,000. */
  readonly shutdownMs?: number;
  readonly limits?: HttpLimits;
  /**
   * What to answer for what a handler throws, refusals of actors among that.
   *
   * A status is enough; undefined leaves it to the defaults: 504 for `TimeoutError`, 503 for
   * `MailboxFullError`, `ActorStoppedError`, `StartError` and `ThreadError`, 500 for all others.
   * Nothing of the error itself is told.
   */
  readonly onError?: ErrorMapping;
  /** Certificate, key and what else `node:https` takes: then it speaks HTTPS. */
  readonly tls?: TlsOptions;
  /** In labels and logs. Default `http-server`. */
  readonly name?: string;
}

/** What `httpServer` is made from: its settings, and one handler of either kind. */
export type HttpServerSpec<S, P> = HttpServerSettings<S, P> &
  (
    | {
        /** Answers a web `Request` with a `Response`; needs the package `@hono/node-server`. */
        readonly fetch: FetchHandler<S>;
        readonly listener?: undefined;
      }
    | {
        /** Answers as a listener of `node:http` does, at its price. May be async. */
        readonly listener: Listener<S>;
        readonly fetch?: undefined;
      }
  );

/** One life of a server. */
interface Open<S> {
  readonly reception: Reception<S>;
  readonly address: HttpAddress;
  readonly state: S;
}

/**
 * Waits for the requests under way when the server ends, in its own shutdown time.
 *
 * An actor, for ends are orderly among actors: as the youngest child it goes first, so that the
 * others are there while there are requests; and when its time is up it is killed, and that told.
 */
const Requests = actor({
  name: "requests",
  init: (_ctx, idle: () => Promise<void>) => idle,
  exit: (ctx) => ctx.state?.(),
});

/**
 * Defines an HTTP server: an actor that listens, whose handlers call other actors.
 *
 * It has started when it listens; when it cannot, the start fails, with the host's error as the
 * cause. When it ends it accepts nothing more, idle connections are closed, requests under way have
 * `shutdownMs` and the last word on their connections, and what is left then is cut off. A kill
 * cuts at once. A restart listens again where it did.
 *
 * Throws `BadInputError` for a spec that cannot work.
 */
export function httpServer<S = undefined, P extends object = object>(
  spec: HttpServerSpec<S, P>,
): ActorDef<HttpServer, P & HttpListenOptions> {
  checkSpec(spec);
  const { deadlineMs = 30_000, shutdownMs = 5_000 } = spec;
  const limits = resolveLimits(spec.limits);
  // The port that an actor once got: after a restart its clients look for it there.
  const found = new WeakMap<AnyRef, number>();

  async function open(
    ctx: InitContext<P & HttpListenOptions>,
    props: P & HttpListenOptions,
  ): Promise<Open<S>> {
    checkListen(props);
    const end = closing(ctx);
    const serve: Serve<S> = spec.listener ?? (await serveFetch(spec.fetch));
    // Without an `init` the state is undefined, which is what `S` is then.
    const state = (await spec.init?.(ctx, props)) as S;
    try {
      return await begin(ctx, props, serve, state);
    } catch (error) {
      // What `init` has opened is closed; the actors that it spawned end by themselves.
      await end(state, { kind: "failed", error });
      throw error;
    }
  }

  /** Made in time: where a start is given up, the context is of no use any more. */
  function closing(ctx: Pick<InitContext, "self" | "log">) {
    const { wheel } = cellOf(ctx.self).kernel;
    const { log } = ctx;
    return async (state: S, reason: ExitReason): Promise<void> => {
      if (await waitFor(wheel, shutdownMs, spec.exit?.(state, reason))) return;
      log.warn(`exit took more than ${shutdownMs} ms; the server ends without it`);
    };
  }

  async function begin(
    ctx: InitContext<P & HttpListenOptions>,
    props: P & HttpListenOptions,
    serve: Serve<S>,
    state: S,
  ): Promise<Open<S>> {
    const kernel = kernelOf(ctx);
    const server = makeServer(limits, spec.tls);
    const settings = { limits, deadlineMs, serve, state, onError: spec.onError };
    const reception = new Reception(ctx, kernel, server, settings);
    const where: HttpListenOptions =
      props.port === 0 ? { ...props, port: found.get(ctx.self) ?? 0 } : props;
    await beginToListen(kernel, server, where, ctx);
    const address = addressOf(server, props.path, spec.tls !== undefined);
    found.set(ctx.self, address.port);
    guard(ctx, reception, shutdownMs);
    return { reception, address, state };
  }

  return implement<HttpServer>()({
    name: spec.name ?? "http-server",
    shutdown: "infinity",
    init: open,
    call: {
      address: (ctx) => ctx.state.address,
      stats: (ctx) => ctx.state.reception.stats(),
    },
    async exit(ctx, reason) {
      if (ctx.state === undefined) return;
      const end = closing(ctx);
      await ctx.state.reception.gone;
      await end(ctx.state.state, reason);
    },
  });
}

/** As nobody: requests come in the scope in which the server began to listen. */
function beginToListen(
  kernel: Kernel,
  server: Server,
  options: HttpListenOptions,
  { signal }: InitContext,
): Promise<void> {
  return besideActors(kernel, () => listen(server, options, signal));
}

/** Sees to an orderly end, and to one without order. */
function guard<S>(ctx: InitContext, reception: Reception<S>, shutdownMs: number): void {
  const { signal } = ctx;
  signal.addEventListener("abort", () => {
    reception.end();
    // Its children still have their time when it is killed; whoever kills it wants no more of it.
    if (signal.reason instanceof KilledError) reception.cut();
  });
  const requests = ctx.spawn(Requests, () => reception.idle(), {
    restart: "temporary",
    shutdown: shutdownMs === Infinity ? "infinity" : shutdownMs,
  });
  // Not as the server, which hears nothing any more when it was killed.
  monitor(requests, () => reception.cut());
}
