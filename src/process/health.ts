import {
  BadInputError,
  nameOf,
  TimeoutError,
  type AnyRef,
  type InitContext,
  type System,
} from "../index.ts";
import { checkFunction, checkName, checkTime } from "../kernel/options.ts";
import { kernelOf } from "../kernel/kernel-of.ts";
import { answers } from "../kernel/ping.ts";
import { cellOf, refTo } from "../kernel/ref.ts";
import { deadline } from "../kernel/time.ts";

/** Looks whether something is well: throws or answers false where it is not. */
export type HealthCheck = (signal: AbortSignal) => unknown;

/** What has to be well. */
export interface HealthOptions {
  /**
   * Actors, by name or ref, that must run and have no handler that hangs.
   *
   * Those on other threads must run; what hangs there is the affair of their pool's watchdog.
   */
  readonly actors?: readonly (string | AnyRef)[];
  /** Questions of your own, by name: all are asked at once. The signal aborts when time is up. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
  /** The time that each has, in ms. Default 1,000. */
  readonly timeoutMs?: number;
}

/** What one of the checks found. */
export interface CheckReport {
  readonly ok: boolean;
  /** How long it took. */
  readonly ms: number;
  /** What was wrong, where something was. */
  readonly error?: string;
}

/** What was found: well when everything is. */
export interface HealthReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/**
 * Asks whether a service is well: for a watchdog, a `/health` page, a test.
 *
 * ```ts
 * const { ok, checks } = await checkHealth(system, { actors: ["db"], checks: { disk: () => hasRoom() } });
 * ```
 *
 * Takes no longer than `timeoutMs`. What throws, is too slow or says false is in the report. Time is that of the system.
 */
export async function checkHealth(
  owner: System | Pick<InitContext, "signal">,
  options: HealthOptions,
): Promise<HealthReport> {
  checkHealthOptions("checkHealth", options);
  const { timeoutMs = 1_000 } = options;
  const kernel = kernelOf(owner);
  const all = Object.entries({ ...actorChecks(owner, options.actors), ...options.checks });
  const reports = await Promise.all(
    all.map(async ([name, check]) => {
      const started = kernel.world.now();
      const error = await wrongWith(check, (promise) => deadline(kernel, promise, timeoutMs));
      const ms = kernel.world.now() - started;
      return [name, error === null ? { ok: true, ms } : { ok: false, ms, error }] as const;
    }),
  );
  return { ok: reports.every(([, { ok }]) => ok), checks: Object.fromEntries(reports) };
}

/** Refuses at once what cannot be asked. */
export function checkHealthOptions(what: string, options: HealthOptions): void {
  checkTime(`${what}: timeoutMs`, options.timeoutMs ?? 1_000);
  for (const [name, check] of Object.entries(options.checks ?? {})) {
    checkFunction(`${what}: checks.${name}`, check);
  }
  for (const actor of options.actors ?? []) {
    if (typeof actor === "string") checkName(`${what}: actors`, actor);
    else cellOf(actor);
    const name = typeof actor === "string" ? actor : nameOf(actor);
    if (!Object.hasOwn(options.checks ?? {}, name)) continue;
    throw new BadInputError(`${what}: checks.${name} has an actor's name; give it one of its own`);
  }
}

async function wrongWith(
  check: HealthCheck,
  limited: (promise: Promise<unknown>) => Promise<unknown>,
): Promise<string | null> {
  const abort = new AbortController();
  try {
    const answer = await limited((async () => check(abort.signal))());
    return answer === false ? "it says that it is not well" : null;
  } catch (error) {
    abort.abort(error);
    if (error instanceof TimeoutError) return `no answer within ${error.timeoutMs} ms`;
    return error instanceof Error ? error.message : String(error);
  }
}

function actorChecks(
  owner: System | Pick<InitContext, "signal">,
  actors: readonly (string | AnyRef)[] = [],
): Record<string, HealthCheck> {
  const { registry } = kernelOf(owner);
  const checks: Record<string, HealthCheck> = {};
  for (const actor of actors) {
    if (typeof actor !== "string") checks[nameOf(actor)] = () => answers(actor);
    else {
      checks[actor] = () => {
        const cell = registry.get(actor);
        if (cell === undefined) throw new Error(`there is no actor ${actor}`);
        return answers(refTo(cell));
      };
    }
  }
  return checks;
}
