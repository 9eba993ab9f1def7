import type { DiscardReason, ExitReason } from "../index.ts";
import type { QueuedJob } from "./job.ts";

/** What happens in a factory. A job that was submitted has one of `done`, `failed`, `discarded`, once. */
export type PoolEvent<B = unknown> =
  | { readonly type: "submitted"; readonly job: QueuedJob<B> }
  | { readonly type: "begun"; readonly job: QueuedJob<B>; readonly worker: number }
  | { readonly type: "done"; readonly job: QueuedJob<B>; readonly worker: number }
  | {
      readonly type: "failed";
      readonly job: QueuedJob<B>;
      /** -1 for one that is at none: it could not be placed, or waited to be begun again. */
      readonly worker: number;
      readonly error: unknown;
    }
  | { readonly type: "discarded"; readonly job: QueuedJob<B>; readonly reason: DiscardReason }
  /** It is the next in line again. */
  | {
      readonly type: "retried";
      readonly job: QueuedJob<B>;
      readonly worker: number;
      readonly error: unknown;
    }
  | { readonly type: "workerStarted"; readonly worker: number }
  | { readonly type: "workerEnded"; readonly worker: number; readonly reason: ExitReason }
  | {
      readonly type: "workerStuck";
      readonly worker: number;
      readonly job: QueuedJob<B>;
      readonly forMs: number;
    }
  | { readonly type: "resized"; readonly from: number; readonly to: number }
  | { readonly type: "draining" };
