import type { InitContext } from "../index.ts";
import type { HealthReport } from "./health.ts";
import type { Notifier } from "./notifier.ts";

/**
 * Tells the service manager that the service is well, as long as it is.
 *
 * ```text
 *   0        ½         1        the watchdog's time
 *   ●────────●─────────●──      asked, and told when all is well
 *            ○─●                not well: asked again a tenth later
 * ```
 *
 * Asked on the system's timers, and told in the actor's turn: an event loop that does not turn
 * tells nothing, which is the point.
 */
export class Watchdog {
  pings = 0;
  /** Times that the service was not well, or had not said. */
  misses = 0;
  last: HealthReport | undefined;
  readonly #ctx: Pick<InitContext, "timers" | "task" | "log">;
  readonly #notifier: Notifier;
  readonly #periodMs: number;
  readonly #check: () => Promise<HealthReport>;
  readonly #onChange: (report: HealthReport) => void;
  #untold = 0;

  constructor(
    ctx: Pick<InitContext, "timers" | "task" | "log">,
    notifier: Notifier,
    timeMs: number,
    check: () => Promise<HealthReport>,
    onChange: (report: HealthReport) => void,
  ) {
    this.#ctx = ctx;
    this.#notifier = notifier;
    this.#periodMs = timeMs / 2;
    this.#check = check;
    this.#onChange = onChange;
    this.#ask();
  }

  #ask(): void {
    this.#ctx.task(
      () => this.#check(),
      (report) => this.#hear(report),
    );
  }

  #hear(report: HealthReport): void {
    const changed = report.ok !== (this.last?.ok ?? true);
    this.last = report;
    if (changed) {
      if (report.ok) this.#ctx.log.info("the service is well again");
      else this.#ctx.log.warn("the service is not well", { checks: report.checks });
      this.#onChange(report);
    }
    if (report.ok) this.#tell();
    else this.misses++;
    const next = report.ok ? this.#periodMs : this.#periodMs / 5;
    this.#ctx.timers.after(next, () => this.#ask());
  }

  /** Behind one that hangs, one waits: more would only hold up what the service's end has to say. */
  #tell(): void {
    if (this.#untold === 2) return;
    this.#untold++;
    void this.#notifier.tell({ WATCHDOG: 1 }).then((sent) => {
      this.#untold--;
      if (sent) this.pings++;
    });
  }
}
