import { env, hrtime, pid } from "node:process";
import { implement, type ActorDef, type InitContext } from "../index.ts";
import { isSystemEnding } from "../kernel/kernel-of.ts";
import {
  checkHealth,
  checkHealthOptions,
  type HealthOptions,
  type HealthReport,
} from "./health.ts";
import { Notifier } from "./notifier.ts";
import { notifyProgram, type NotifyTransport } from "./notify.ts";
import { Watchdog } from "./watchdog.ts";

/** What a service manager hands over, as systemd names it. */
export interface ServiceEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/** How the service manager is spoken to, and what has to be well for its watchdog. */
export interface ServiceManagerSpec {
  /** What is asked before each word to the watchdog. Default: nothing but that the loop turns. */
  readonly health?: HealthOptions;
  /** What carries the messages. Default `notifyProgram()`. */
  readonly transport?: NotifyTransport;
  /** Says that this process is the service's main one, as where `npm` has started it. */
  readonly mainPid?: boolean;
  /** Default: the environment of this process. */
  readonly environment?: ServiceEnvironment;
}

/** What has been told to whom. */
export interface ServiceReport {
  /** What the service manager knows: that it is ready, reloads, or stops. */
  readonly state: "ready" | "reloading" | "stopping";
  /** Where messages go; undefined where nobody waits for any: `NOTIFY_SOCKET` is not set. */
  readonly socket: string | undefined;
  /** The watchdog's time; undefined where it is off: `WATCHDOG_USEC` is not set, or not for us. */
  readonly watchdogMs: number | undefined;
  readonly sent: number;
  readonly failed: number;
  /** Why the last message that failed did. */
  readonly lastError: string | undefined;
  /** Words to the watchdog, and times that there was none because the service was not well. */
  readonly pings: number;
  readonly misses: number;
  /** What the last check found; undefined before the first. */
  readonly health: HealthReport | undefined;
}

/** The service manager, as far as actors have to do with it. */
export interface ServiceManager {
  /** One line for a person, in `systemctl status`. */
  status(text: string): void;
  /** Asks for more time to start, reload or stop, from now on. */
  extend(ms: number): void;
  /** A reload begins; `ready` ends it. Resolves when it is told. */
  reloading(): Promise<void>;
  ready(): Promise<void>;
  /**
   * The service ends: for a phase of a shutdown that takes its time. Resolves when it is told.
   *
   * Told by itself when the system ends, and once.
   */
  stopping(): Promise<void>;
  report(): Promise<ServiceReport>;
}

/**
 * Defines the actor that speaks with the service manager, by the protocol of `sd_notify`.
 *
 * ```ts
 * const App = supervisor({
 *   children: {
 *     db: { actor: Db, name: "db" },
 *     http: { actor: Http, name: "http" },
 *     manager: { actor: serviceManager({ health: { actors: ["db", "http"] } }) },
 *   },
 * });
 * ```
 *
 * Its place is the last among its siblings: it tells `READY=1` when it starts, so all before it
 * have; and it is the first to be stopped, and tells `STOPPING=1` when the system ends. While all is well it tells the
 * watchdog so, twice in its time. Without a service manager it does nothing: `report` says so. A
 * message that cannot be sent is logged and counted, and fails nobody.
 */
export function serviceManager(spec: ServiceManagerSpec = {}): ActorDef<ServiceManager, undefined> {
  checkHealthOptions("serviceManager: health", spec.health ?? {});
  return implement<ServiceManager>()({
    name: "service-manager",
    init: async (ctx, _props: undefined) => {
      const service = new Service(ctx, spec);
      await service.begin();
      return service;
    },
    cast: {
      status(ctx, text) {
        ctx.state.status(text);
      },
      extend(ctx, ms) {
        if (!(ms >= 0)) {
          ctx.log.warn("extend: that is no time to be asked for", { ms });
          return;
        }
        void ctx.state.notifier.tell({ EXTEND_TIMEOUT_USEC: Math.ceil(ms * 1_000) });
      },
    },
    call: {
      reloading: (ctx) => ctx.state.reloading(),
      ready: (ctx) => ctx.state.ready(),
      stopping: (ctx) => ctx.state.stopping(),
      report: (ctx) => ctx.state.report(),
    },
    async exit(ctx) {
      // A service manager takes back nothing: a restart of some actors is not the service's end.
      if (isSystemEnding(ctx)) await ctx.state?.stopping();
    },
  });
}

class Service {
  readonly notifier: Notifier;
  readonly #ctx: InitContext;
  readonly #spec: ServiceManagerSpec;
  readonly #watchdogMs: number | undefined;
  #watchdog: Watchdog | undefined;
  #state: ServiceReport["state"] = "ready";
  #status = "";

  constructor(ctx: InitContext, spec: ServiceManagerSpec) {
    this.#ctx = ctx;
    this.#spec = spec;
    const { environment = env, transport = notifyProgram() } = spec;
    this.notifier = new Notifier(environment.NOTIFY_SOCKET, transport, ctx.log);
    this.#watchdogMs = watchdogTime(environment, this.notifier);
  }

  async begin(): Promise<void> {
    await this.notifier.tell({ READY: 1, ...(this.#spec.mainPid === true && { MAINPID: pid }) });
    const { signal } = this.#ctx;
    if (this.#watchdogMs === undefined || signal.aborted) return;
    const timeMs = this.#watchdogMs;
    // However slow the answers are, a word comes in three quarters of the time.
    const timeoutMs = Math.min(this.#spec.health?.timeoutMs ?? Infinity, timeMs / 4);
    this.#watchdog = new Watchdog(
      this.#ctx,
      this.notifier,
      timeMs,
      () => checkHealth(this.#ctx, { ...this.#spec.health, timeoutMs }),
      (report) => this.#tellStatus(report),
    );
  }

  status(text: string): void {
    this.#status = text;
    void this.notifier.tell({ STATUS: text });
  }

  async reloading(): Promise<void> {
    this.#state = "reloading";
    // By the host's clock, also where actors have another: systemd compares it with its own.
    await this.notifier.tell({ RELOADING: 1, MONOTONIC_USEC: Number(hrtime.bigint() / 1_000n) });
  }

  async ready(): Promise<void> {
    this.#state = "ready";
    await this.notifier.tell({ READY: 1 });
  }

  async stopping(): Promise<void> {
    if (this.#state === "stopping") return;
    this.#state = "stopping";
    await this.notifier.tell({ STOPPING: 1 });
  }

  report(): ServiceReport {
    const { socket, sent, failed, lastError } = this.notifier;
    return {
      state: this.#state,
      socket,
      watchdogMs: this.#watchdogMs,
      sent,
      failed,
      lastError,
      pings: this.#watchdog?.pings ?? 0,
      misses: this.#watchdog?.misses ?? 0,
      health: this.#watchdog?.last,
    };
  }

  /** While something is wrong, the status is what. */
  #tellStatus({ ok, checks }: HealthReport): void {
    const wrong = Object.entries(checks).flatMap(([name, { error }]) =>
      error === undefined ? [] : [`${name}: ${error}`],
    );
    void this.notifier.tell({ STATUS: ok ? this.#status : `not well: ${wrong.join("; ")}` });
  }
}

function watchdogTime(environment: ServiceEnvironment, { socket }: Notifier): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment;
  if (socket === undefined || WATCHDOG_USEC === undefined) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
  const timeMs = Number(WATCHDOG_USEC) / 1_000;
  return timeMs > 0 ? timeMs : undefined;
}
