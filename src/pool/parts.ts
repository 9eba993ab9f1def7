import type { Hiring } from "./crew.ts";
import type { QueueMaker } from "./queue.ts";
import type { RouterMaker } from "./routing.ts";
import type { Run } from "./runner.ts";

/** What a factory is made from, as far as jobs are concerned. */
export interface DispatcherParts {
  readonly hiring: Hiring;
  readonly run: Run;
  readonly router: RouterMaker;
  readonly queue: QueueMaker;
}
