import type { DiscardReason, ExitReason } from "../index.ts";
import type { QueuedJob } from "./job.ts";

/** What happens in a factory. A job that was submitted has one of `done`, `failed`, `discarded`, once. */
export type PoolEvent =
  | { readonly type: "submitted"; readonly job: QueuedJob }
  | { readonly type: "begun"; readonly job: QueuedJob; readonly worker: number }
  | { readonly type: "done"; readonly job: QueuedJob; readonly worker: number }
  | {
      readonly type: "failed";
      readonly job: QueuedJob;
      /** -1 for one that is at none: it could not be placed, or waited to be begun again. */
      readonly worker: number;
      readonly error: unknown;
    }
  | { readonly type: "discarded"; readonly job: QueuedJob; readonly reason: DiscardReason }
  /** It is the next in line again. */
  | {
      readonly type: "retried";
      readonly job: QueuedJob;
      readonly worker: number;
      readonly error: unknown;
    }
  | { readonly type: "workerStarted"; readonly worker: number }
  | { readonly type: "workerEnded"; readonly worker: number; readonly reason: ExitReason }
  | {
      readonly type: "workerStuck";
      readonly worker: number;
      readonly job: QueuedJob;
      readonly forMs: number;
    }
  | { readonly type: "resized"; readonly from: number; readonly to: number }
  | { readonly type: "draining" };
