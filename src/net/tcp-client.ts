import { define } from "../behaviours/actor.ts";
import {
  BadInputError,
  port,
  type ActorDef,
  type Backoff,
  type Context,
  type InitContext,
  type Port,
  type Ref,
  type SpawnOptions,
} from "../index.ts";
import { behaviourOf } from "../kernel/behaviour.ts";
import { checkSettings } from "../kernel/options.ts";
import type { ConnectOptions } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { checkDial } from "./dial.ts";
import { Frontage } from "./frontage.ts";
import { resolveLimits } from "./limits.ts";
import { Redial } from "./redial.ts";

/** How a client and its connection are, at one moment. */
export interface ClientStatus {
  /** `waiting`: for the time of the next attempt. */
  readonly state: "connecting" | "connected" | "waiting";
  /** Where to: `host:port`, or a path. */
  readonly to: string;
  /** Why there is no connection; undefined where there is one, or there was none to lose. */
  readonly error: Error | undefined;
  /** Attempts in a row without a connection that lasted. */
  readonly failures: number;
  /** What was waited for before the next attempt, in ms, when `waiting` began. */
  readonly retryInMs: number | undefined;
  /** Connections so far. */
  readonly connects: number;
  /** Messages that wait for a connection. */
  readonly held: number;
  /** Calls and streams that were refused because there was no connection. */
  readonly refused: number;
  /** Casts that were lost because there was no connection, or the session's mailbox was full. */
  readonly dropped: number;
}

/** What a client offers beside the verbs of its session. */
export interface TcpClient {
  clientStatus(): Promise<ClientStatus>;
  /** The status now, and at each change of its `state`. The slow miss some, and see the last. */
  clientChanges(): AsyncIterable<ClientStatus>;
  /** Connects anew, without waiting: after a failover, say. A session that is there is stopped. */
  reconnect(): void;
}

/** Asks a session from time to time whether its peer is well. */
export interface ClientHealth<A> {
  readonly everyMs: number;
  /** Time that each of its calls has. Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** When it rejects, the connection is broken off, and made anew. */
  readonly check: (session: Ref<A>) => Promise<unknown>;
}

/** What `tcpClient` is made from: who looks after each connection, and what happens without one. */
export interface TcpClientSpec<A> {
  /**
   * The actor of one connection, which it gets as its props; the client offers its verbs.
   *
   * It is a child of the client's, and never restarted: the next connection has a new one. The client
   * is connected when its `init` is done, so that is where a protocol says who it is.
   */
  readonly session: ActorDef<A, Connection>;
  /** How it is spawned. Its `shutdown` is the time it has to finish when the client ends. */
  readonly child?: Omit<SpawnOptions, "restart" | "name">;
  /**
   * How long to wait before the next attempt. Counts anew after a connection that lasted for
   * `resetAfter`. Default: exponential from 100 ms to 30 s, ± 50 %, `resetAfter` 10 s.
   */
  readonly backoff?: Backoff;
  /** After so many in a row without success the client fails, with `NotConnectedError`. Default: never. */
  readonly attempts?: number;
  /**
   * What becomes of messages while there is no connection: `wait` (default) keeps them in their order,
   * up to `held`; `refuse` rejects calls at once with `NotConnectedError`, and drops casts.
   */
  readonly whenDown?: "wait" | "refuse";
  /** Messages that may wait; one more is refused, or dropped where it is a cast. Default 1,000. */
  readonly held?: number;
  readonly health?: ClientHealth<NoInfer<A>>;
  /** In labels and logs. Default `tcp-client`. */
  readonly name?: string;
}

/** The state of a client. */
export interface ClientState {
  readonly redial: Redial;
  readonly front: Frontage;
  readonly changes: Port<ClientStatus>;
}

const BACKOFF: Backoff = {
  kind: "exponential",
  min: 100,
  max: 30_000,
  jitter: 0.5,
  resetAfter: 10_000,
};
/** Half-open connections, as after a power cut, are to be noticed also where nothing is sent. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Defines a client: an actor that keeps a connection, with a child that speaks its protocol.
 *
 * ```text
 *   client.get("k") ──► client ──► session ──► connection
 *                         │  while there is none: held, or refused
 *                         └─ dials again, with backoff, when session or connection are gone
 * ```
 *
 * It starts at once and dials in the background, looking its host up each time. What was sent to a
 * session when its connection broke rejects, and is not sent again: the peer may have done it.
 */
export function tcpClient<A>(spec: TcpClientSpec<A>): ActorDef<A & TcpClient, ConnectOptions> {
  const { session, child = {}, backoff = BACKOFF, attempts = Infinity, health } = spec;
  const { held = 1_000, whenDown = "wait" } = spec;
  checkSpec(spec);
  const sections = Frontage.sectionsOf(behaviourOf(session), [
    "clientStatus",
    "clientChanges",
    "reconnect",
  ]);
  const capacity = whenDown === "wait" ? held : 0;
  const definition = {
    name: spec.name ?? "tcp-client",
    shutdown: "infinity",
    supervision: { strategy: "dynamic" },
    // One more than may be held: the stash is asked before its size is.
    mailbox: { stash: held + 1 },
    init: (ctx: InitContext, options: ConnectOptions): ClientState => {
      checkDial(ctx.name, options);
      const given = resolveLimits(`${ctx.name}: limits`, options.limits);
      const limits = { ...given, keepAliveMs: options.limits?.keepAliveMs ?? KEEP_ALIVE_MS };
      const changes = port<ClientStatus>({ capacity: 100 });
      const front = new Frontage(ctx, capacity);
      const settings = { session, child, backoff, attempts, health, options, limits };
      const redial = new Redial(ctx, settings, {
        onUp: () => front.open(),
        onChange: () => changes.emit(statusOf(state)),
      });
      const state: ClientState = { redial, front, changes };
      redial.begin();
      return state;
    },
    cast: { ...sections.cast, reconnect: ({ state }: Ctx) => state.redial.again() },
    call: { ...sections.call, clientStatus: ({ state }: Ctx) => statusOf(state) },
    stream: { ...sections.stream, clientChanges: ({ state }: Ctx) => changesOf(state) },
    ...(sections.schemas === undefined ? {} : { schemas: sections.schemas }),
    async exit({ state }: Context<ClientState | undefined>): Promise<void> {
      await state?.redial.closed();
    },
  };
  return define(definition);
}

type Ctx = Context<ClientState>;

function checkSpec<A>({
  backoff,
  child = {},
  attempts = 1,
  held = 1,
  health,
  whenDown = "wait",
}: TcpClientSpec<A>): void {
  checkSettings("tcpClient", backoff === undefined ? {} : { backoff });
  checkSettings("tcpClient: child", child);
  const atLeastOne = {
    attempts,
    held,
    "health.everyMs": health?.everyMs ?? 1,
    "health.timeoutMs": health?.timeoutMs ?? 1,
  };
  for (const [name, value] of Object.entries(atLeastOne)) {
    if (typeof value === "number" && value >= 1) continue;
    throw new BadInputError(`tcpClient: ${name} is ${value}; it must be a number, at least 1`);
  }
  if (health !== undefined && typeof (health.check as unknown) !== "function") {
    throw new BadInputError("tcpClient: health.check must be a function that asks the session");
  }
  if (whenDown === "wait" || whenDown === "refuse") return;
  throw new BadInputError(
    `tcpClient: whenDown is ${String(whenDown)}; it can be "wait" or "refuse"`,
  );
}

function statusOf({ redial, front }: ClientState): ClientStatus {
  const { state, to, error, failures, retryInMs, connects } = redial;
  const { held, refused, dropped } = front;
  return { state, to, error, failures, retryInMs, connects, held, refused, dropped };
}

/** Reads from now on before it tells what is now, so that no change falls between the two. */
async function* changesOf(state: ClientState): AsyncGenerator<ClientStatus> {
  const later = state.changes[Symbol.asyncIterator]();
  yield statusOf(state);
  yield* { [Symbol.asyncIterator]: () => later };
}
