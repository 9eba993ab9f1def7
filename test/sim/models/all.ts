import type { Scenario } from "troupe/sim";
import { calls } from "./calls.ts";
import { factories } from "./factories.ts";
import { links } from "./links.ts";
import { machines } from "./machines.ts";
import { mailboxes } from "./mailboxes.ts";
import { names } from "./names.ts";
import { streams } from "./streams.ts";
import { supervision } from "./supervision.ts";
import { timers } from "./timers.ts";

/** A model, whatever its service is. */
function model<App>(scenario: Scenario<App>): Scenario<never> {
  return scenario as unknown as Scenario<never>;
}

/** Every model, by what it is about. */
export const models = {
  calls: model(calls),
  factories: model(factories),
  links: model(links),
  machines: model(machines),
  mailboxes: model(mailboxes),
  names: model(names),
  streams: model(streams),
  supervision: model(supervision),
  timers: model(timers),
};
