import { show } from "../kernel/exit-reason.ts";
import type { EventType, SystemEvent } from "../kernel/events.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Logger, LogLevel } from "../kernel/log.ts";
import type { Outbox } from "../peer/outbox.ts";
import type { Peer } from "../peer/peer.ts";
import { EVENT, LOG } from "../wire/ops.ts";

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
];

/** A logger whose lines are written by the system's, in the thread where that was made. */
export function tellingLogger(outbox: () => Outbox): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      tell(outbox(), LOG, level, message, fields);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Tells the other side what happens here. */
export function reportTo({ outbox }: Peer, { events }: Kernel): void {
  events.subscribe((event) => tell(outbox, EVENT, event.type, "", event), TOLD);
}

function tell(outbox: Outbox, op: number, level: string, message: string, fields: object): void {
  try {
    outbox.tell(op, "a report", level, message, fields);
  } catch {
    // It holds something that cannot be copied: what can be read of it goes.
    outbox.say(op, level, message, plain(fields));
  }
}

function plain(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]): [string, unknown] => {
    return [key, key === "args" ? [] : typeof value === "object" ? show(value) : value];
  });
  return Object.fromEntries(entries.filter(([, value]) => typeof value !== "function"));
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
    reader.next();
    count(kernel, type);
    const event = reader.value() as SystemEvent;
    if (kernel.events.wants(type)) kernel.events.emit(event);
  });
}

function count({ stats }: Kernel, type: EventType): void {
  if (type === "deadLetter") stats.deadLetters++;
  else if (type === "overflow") stats.overflows++;
  else if (type === "lateReply") stats.lateReplies++;
}
