/**
 * How long to wait before a restart. All durations in ms.
 *
 * `fixed` waits the same each time; `incremental` waits `step × n`, kept between `min` and `max`;
 * `exponential` doubles from `min` to `max`. `jitter` 0.2 spreads a wait over ±20 %, so that many
 * children that failed together do not come back together.
 */
export type Backoff =
  | { readonly kind: "none" }
  | { readonly kind: "fixed"; readonly delay: number }
  | {
      readonly kind: "incremental";
      readonly step: number;
      readonly min?: number;
      readonly max?: number;
      readonly resetAfter?: number;
    }
  | {
      readonly kind: "exponential";
      readonly min: number;
      readonly max: number;
      readonly jitter?: number;
      readonly resetAfter?: number;
    };

/** Waits for the `attempt`-th restart in a row (from 1), in ms; `random` is in [0, 1). */
export function backoffDelay(backoff: Backoff, attempt: number, random: number): number {
  switch (backoff.kind) {
    case "none":
      return 0;
    case "fixed":
      return backoff.delay;
    case "incremental": {
      const { step, min = 0, max = Infinity } = backoff;
      return Math.max(min, Math.min(max, step * attempt));
    }
    case "exponential": {
      const { min, max, jitter = 0 } = backoff;
      // Not further than doubles go: 0 × Infinity is no number.
      const plain = Math.min(max, min * 2 ** Math.min(attempt - 1, 1_000));
      const spread = plain * (1 + jitter * (2 * random - 1));
      // Folded back, not cut off: at the limit half of them would come back together.
      return spread > max ? 2 * max - spread : spread;
    }
  }
}

/** After this many ms of running, the next failure waits as if it were the first. */
export function quietTime(backoff: Backoff): number {
  switch (backoff.kind) {
    case "none":
    case "fixed":
      return 0;
    case "incremental":
      return backoff.resetAfter ?? backoff.max ?? backoff.step * 10;
    case "exponential":
      return backoff.resetAfter ?? backoff.max;
  }
}
