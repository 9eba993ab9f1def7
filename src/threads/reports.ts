import type { Events, EventType, SystemEvent } from "../kernel/events.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Logger, LogLevel } from "../kernel/log.ts";
import type { Outbox } from "../peer/outbox.ts";
import type { Peer } from "../peer/peer.ts";
import { EVENT, LOG } from "../wire/ops.ts";
import { WANTED, type Control } from "./control.ts";

/**
 * Events of a thread's actors that are told where the system was made, and count there.
 *
 * Births and deaths of what lives and dies on the thread alone are not: they may be a million.
 */
const TOLD: readonly EventType[] = [
  "failed",
  "restarting",
  "gaveUp",
  "startFailed",
  "hookFailed",
  "deadLetter",
  "overflow",
  "overdue",
  "selfWait",
  "lateReply",
  "slowHandler",
  "transition",
];

/** A logger whose lines are written by the system's, in the thread where that was made. */
export function tellingLogger(outbox: () => Outbox): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      outbox().report(LOG, level, message, fields);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Those of them that may come by the thousand, most with all that was sent. */
const BULKY: readonly EventType[] = ["deadLetter", "overflow", "lateReply", "transition"];

/** A bit for each of them that somebody listens to. */
export function bulkyWanted(events: Events): number {
  let wanted = 0;
  for (const [bit, type] of BULKY.entries()) if (events.wants(type)) wanted |= 1 << bit;
  return wanted;
}

/**
 * Tells the other side what happens here.
 *
 * Of the bulky ones only that they happened, where nobody listens: whoever is flooded is not to be
 * sent all of it back.
 */
export function reportTo({ outbox }: Peer, { events }: Kernel, control: Control | undefined): void {
  const isWanted = (type: EventType): boolean => {
    const bit = BULKY.indexOf(type);
    return bit < 0 || control === undefined || (control[WANTED]! & (1 << bit)) !== 0;
  };
  events.subscribe((event) => {
    const { type } = event;
    if (isWanted(type)) outbox.report(EVENT, type, event);
    // Nobody counts these.
    else if (type !== "transition") outbox.say(EVENT, type, null);
  }, TOLD);
}

/** Hears the reports of a thread: as if what they tell of had happened here. */
export function hearReports(peer: Peer): void {
  const { kernel } = peer;
  peer.on(LOG, (reader) => {
    const level = reader.next<LogLevel>();
    const message = reader.next<string>();
    kernel.log.logger[level](reader.value() as object, message);
  });
  peer.on(EVENT, (reader) => {
    const type = reader.next<EventType>();
    count(kernel, type);
    const event = reader.value() as SystemEvent | null;
    if (event !== null && kernel.events.wants(type)) kernel.events.emit(event);
  });
}

function count({ stats }: Kernel, type: EventType): void {
  if (type === "deadLetter") stats.deadLetters++;
  else if (type === "overflow") stats.overflows++;
  else if (type === "lateReply") stats.lateReplies++;
}
