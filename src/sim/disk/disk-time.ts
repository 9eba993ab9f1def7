import { BadInputError } from "../../index.ts";
import { checkRange, type MsRange } from "./disk-faults.ts";
import type { DiskTrouble } from "./disk-trouble.ts";
import type { DiskHost } from "./disk-types.ts";

/** How long what answers with a promise takes. Everything else, `open` for one, takes 0 ms. */
export interface DiskLatency {
  /** One read. Default 0 ms: it is in the page cache. */
  readonly readMs?: MsRange;
  /** One write or truncation. Default 0 ms. */
  readonly writeMs?: MsRange;
  /** One sync. Default 1 ms. */
  readonly syncMs?: MsRange;
}

const DEFAULTS: Required<DiskLatency> = { readMs: 0, writeMs: 0, syncMs: 1 };

/** Refuses what is no latency, naming the one that is wrong. */
export function checkLatency(what: string, latency: DiskLatency): void {
  for (const [name, given] of Object.entries(latency)) {
    if (!(name in DEFAULTS)) {
      const known = Object.keys(DEFAULTS).join(", ");
      throw new BadInputError(`${what}: there is no "${name}"; there are ${known}`);
    }
    checkRange(`${what}.${name}`, given);
  }
}

/** When promises settle. What was asked for is done at once, but for syncs; the answer comes later. */
export class DiskTime {
  readonly #host: DiskHost;
  readonly #trouble: DiskTrouble;
  readonly #latency: Required<DiskLatency>;
  /** Counts processes: what one of them asked for is not told to the next. */
  #life = 0;

  constructor(host: DiskHost, trouble: DiskTrouble, latency: DiskLatency) {
    this.#host = host;
    this.#trouble = trouble;
    this.#latency = { ...DEFAULTS, ...latency };
  }

  forget(): void {
    this.#life++;
  }

  latencyMs(what: keyof DiskLatency, place: { readonly path: string }): number {
    const usualMs = this.#trouble.latencyMs(`disk.${what}`, place, this.#latency[what]);
    return what === "syncMs" ? usualMs + this.#trouble.slowMs(place) : usualMs;
  }

  /** Acts at once, and tells after `delayMs` what came of it. */
  after<T>(delayMs: number, act: () => T): Promise<T> {
    let outcome: () => T;
    try {
      const value = act();
      outcome = () => value;
    } catch (error) {
      outcome = () => {
        throw error;
      };
    }
    return this.later(delayMs, outcome);
  }

  /** Acts after `delayMs`, unless the process has crashed by then. */
  later<T>(delayMs: number, act: () => T): Promise<T> {
    const life = this.#life;
    return new Promise((resolve, reject) => {
      this.#host.after(delayMs, () => {
        if (life !== this.#life) return;
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
