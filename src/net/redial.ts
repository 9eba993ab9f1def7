import {
  drain,
  kill,
  KilledError,
  monitor,
  started,
  stop,
  withOptions,
  type ActorDef,
  type DownReason,
  type InitContext,
  type Ref,
  type SpawnOptions,
} from "../index.ts";
import { backoffDelay, quietTime, type Backoff } from "../supervision/backoff.ts";
import type { ConnectOptions } from "./connect.ts";
import { dial, showDial } from "./dial.ts";
import { NotConnectedError } from "./errors.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { ClientHealth, ClientStatus } from "./tcp-client.ts";
import { SocketConnection, type Owner } from "./socket-connection.ts";
import { createHostWorld } from "../world/host-world.ts";

/** Sockets live in the host's time, also where actors do not. */
const world = createHostWorld();

/** What a client is made from, with every default filled in. */
export interface RedialSettings {
  readonly session: ActorDef<unknown, SocketConnection>;
  readonly child: Omit<SpawnOptions, "restart" | "name">;
  readonly backoff: Backoff;
  readonly attempts: number;
  readonly health: ClientHealth<never> | undefined;
  readonly options: ConnectOptions;
  readonly limits: Required<ConnectionLimits>;
}

/** What a client does where its connection changes. */
export interface RedialEvents {
  /** Messages can go to the session from now on. */
  onUp(): void;
  onChange(): void;
}

/**
 * Keeps one connection, with the actor that looks after it, and dials again when it is gone.
 *
 * ```text
 *   dial ──► connecting ──► the session starts ──► connected
 *    ▲            │                 │                  │
 *    └─ waiting ◄─┴──── failed ─────┴───── lost ───────┘
 *        backoff
 * ```
 *
 * The connection is of the host's time and events; what follows from them are messages of the
 * client's: a task's outcome, a monitor's down, a tick.
 */
export class Redial implements Owner {
  state: ClientStatus["state"] = "connecting";
  /** Attempts in a row without a connection that lasted. */
  failures = 0;
  connects = 0;
  retryInMs: number | undefined;
  error: Error | undefined;
  readonly to: string;
  readonly #ctx: InitContext;
  readonly #settings: RedialSettings;
  readonly #events: RedialEvents;
  /** Sockets that are there, those included that are being closed. */
  readonly #open = new Set<SocketConnection>();
  /** The newest; the outcome of any other is nobody's concern. */
  #attempt: AbortController | null = null;
  #connection: SocketConnection | null = null;
  #session: Ref<unknown> | null = null;
  /** The session is ending: it takes nothing more. */
  #dismissed = false;
  /** The next dial is somebody's wish, and no failure's. */
  #atOnce = false;
  #since = 0;
  #onAllClosed: (() => void) | undefined;

  constructor(ctx: InitContext, settings: RedialSettings, events: RedialEvents) {
    this.#ctx = ctx;
    this.#settings = settings;
    this.#events = events;
    this.to = showDial(settings.options);
    ctx.signal.addEventListener("abort", () => this.#leave(ctx.signal.reason), { once: true });
  }

  begin(): void {
    this.#dial();
  }

  /** Who takes messages now; null where they would be lost. */
  get session(): Ref<unknown> | null {
    return this.state === "connected" && !this.#dismissed ? this.#session : null;
  }

  /** Dials without waiting; a connection that is there is ended first, an attempt is given up. */
  again(): void {
    if (this.state === "waiting") {
      this.#ctx.timers.cancel("redial");
      this.#dial();
    } else if (this.#session === null) {
      this.#dial();
    } else if (!this.#dismissed) {
      this.#atOnce = true;
      this.#dismissed = true;
      void this.#ctx.children.stop(this.#session);
    }
  }

  /** Resolves when no socket is left. */
  closed(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onAllClosed = resolve));
  }

  #dial(): void {
    this.#dismissed = false;
    this.#become("connecting");
    const { options, limits } = this.#settings;
    this.#attempt?.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#ctx.task(
      async (signal) => {
        const either = AbortSignal.any([signal, attempt.signal]);
        const opened = await dial(options, limits, either);
        const connection = new SocketConnection(opened, limits, this);
        this.#open.add(connection);
        // Between the two, the client may have ended.
        if (either.aborted) connection.destroy();
        return connection;
      },
      (connection) => this.#begin(connection, attempt),
      { onError: (error) => void (this.#attempt === attempt && this.#failed(error)) },
    );
  }

  #begin(connection: SocketConnection, attempt: AbortController): void {
    if (attempt !== this.#attempt) {
      connection.destroy();
      return;
    }
    if (!this.#open.has(connection)) {
      // The peer has hung up already, and would be missed by a session that does not read.
      this.#failed(connection.error);
      return;
    }
    this.#connection = connection;
    const { session: kind, child } = this.#settings;
    const session = this.#ctx.spawn(kind, connection, { ...child, restart: "temporary" });
    this.#session = session;
    // Not as the client, which hears nothing any more when it was killed.
    monitor(session, ({ reason: { kind: ended } }) => {
      if (ended === "normal" || ended === "shutdown") connection.finish();
      else connection.destroy();
    });
    this.#ctx.monitor(session, ({ reason }) => this.#lost(connection, reason));
    this.#ctx.task(
      () => started(session),
      () => this.#up(session),
      // The monitor tells of it.
      { onError: ignore },
    );
  }

  #up(session: Ref<unknown>): void {
    if (this.#session !== session) return;
    this.connects++;
    this.#since = this.#ctx.now();
    if (this.error !== undefined) this.#ctx.log.info("is connected again", { to: this.to });
    this.error = undefined;
    this.#become("connected");
    this.#watch(session);
    this.#events.onUp();
  }

  #watch(session: Ref<unknown>): void {
    const { health } = this.#settings;
    if (health === undefined) return;
    const { everyMs, timeoutMs = 5_000, check } = health;
    let busy = false;
    const asked = withOptions(session, { timeout: timeoutMs });
    const tick = (): void => {
      if (busy || this.#session !== session) return;
      busy = true;
      const done = (): boolean => (busy = false);
      this.#ctx.task(() => check(asked as never), done, {
        onError: (error) => {
          if (this.#session !== session) return;
          this.#connection!.error ??= asError(error);
          void kill(session);
        },
      });
    };
    this.#ctx.timers.every(everyMs, tick, { key: "health" });
  }

  #lost(connection: SocketConnection, reason: DownReason): void {
    const { backoff } = this.#settings;
    const hasLasted =
      this.state === "connected" && this.#ctx.now() - this.#since >= quietTime(backoff);
    if (hasLasted) this.failures = 0;
    this.#connection = null;
    this.#session = null;
    this.#ctx.timers.cancel("health");
    this.#ctx.timers.cancel("dismissed");
    if (this.#atOnce) {
      this.#atOnce = false;
      this.#dial();
    } else {
      this.#failed(connection.error ?? (reason.kind === "failed" ? reason.error : undefined));
    }
  }

  /** Waits and dials again, or gives up. */
  #failed(cause: unknown): void {
    const { attempts, backoff } = this.#settings;
    const { to } = this;
    const error = asError(cause);
    const times = ++this.failures;
    if (times >= attempts) {
      const detail = `gave up after ${times} attempt${times === 1 ? "" : "s"}`;
      throw new NotConnectedError(this.#ctx.name, to, detail, error);
    }
    // Once for each time without a connection, and not for each attempt.
    if (this.error === undefined) {
      this.#ctx.log.warn("has no connection, and tries again", { to, error: error.message });
    }
    this.error = error;
    const wait = Math.round(backoffDelay(backoff, times, this.#ctx.random()));
    this.#ctx.timers.after(wait, () => this.#dial(), { key: "redial" });
    this.#become("waiting", wait);
  }

  #become(state: ClientStatus["state"], retryInMs?: number): void {
    this.state = state;
    this.retryInMs = retryInMs;
    this.#events.onChange();
  }

  onReadToEnd(connection: SocketConnection): void {
    if (this.#settings.options.halfOpen !== true || !connection.isOpen) this.#dismiss(connection);
  }

  onClose(connection: SocketConnection): void {
    if (connection.isRead) this.#dismiss(connection);
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onAllClosed?.();
  }

  onCutOff(connection: SocketConnection): void {
    const { unsentBytes } = connection;
    if (this.#ctx.signal.aborted) return;
    this.#ctx.log.warn("cut off a peer that does not read", { unsentBytes, to: this.to });
  }

  /** Nothing more comes: the session ends when it has handled what came, or its time is up. */
  #dismiss(connection: SocketConnection): void {
    const session = this.#session;
    // With the client, its session ends anyway.
    if (connection !== this.#connection || session === null || this.#ctx.signal.aborted) return;
    if (this.#dismissed) return;
    this.#dismissed = true;
    // One that has not started may wait for what never comes.
    // Who makes something of the bytes, as lines, has a last one to give when they end.
    if (this.state === "connected") world.yieldToHost(() => void drain(session));
    else void stop(session, "hung up");
    const { closeMs } = this.#settings.limits;
    this.#ctx.timers.after(closeMs, () => void kill(session), { key: "dismissed" });
  }

  /** A session has its own end; what none has yet goes with the client. */
  #leave(reason: unknown): void {
    if (this.#session !== null) return;
    for (const connection of this.#open) {
      if (reason instanceof KilledError) connection.destroy();
      else connection.finish();
    }
  }
}

function ignore(): void {}

function asError(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  if (cause === undefined) return new Error("the connection has ended");
  return new Error("the session threw something that is no error", { cause });
}
