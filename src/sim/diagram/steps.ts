import type { Step } from "./diagram.ts";
import { glimpse } from "./glimpse.ts";
import { oneLine, widthOf } from "./glyphs.ts";
import type { Want } from "./lifelines.ts";

/** A message was handled. */
export interface MessageStep {
  readonly kind: "message";
  readonly atMs: number;
  readonly turn: number;
  /** Who sent it; null where that was no actor and no client. */
  readonly from: string | null;
  readonly to: string;
  readonly verb: string;
  readonly args: readonly unknown[];
  readonly call: boolean;
  /** What became of the call within this turn; `waits`: the answer comes later. */
  readonly outcome?: "replied" | "refused" | "failed" | "waits";
  readonly note?: string;
}

/** A call was answered in a later turn. */
export interface ReplyStep {
  readonly kind: "reply";
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly verb: string;
}

/** Something became of one actor: it started, failed, ended. */
export interface NoteStep {
  readonly kind: "note";
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

/** Something concerns everybody: the clock jumps, the power fails. */
export interface WorldStep {
  readonly kind: "world";
  readonly atMs: number;
  readonly text: string;
}

/** How much of an argument is shown where there is room, and where there is little. */
export const ARGUMENT = { long: 32, short: 12 } as const;

export function callText({ verb, args }: MessageStep, room: number): string {
  return `${oneLine(verb)}(${args.map((value) => glimpse(value, room)).join(", ")})`;
}

export function afterText({ outcome, note }: MessageStep): string {
  return [outcome, note === undefined ? undefined : oneLine(note)]
    .filter((text) => text !== undefined && text !== "")
    .join(": ");
}

/** What a step would need to be written in full. */
export function wantsOf(step: Step): Want[] {
  switch (step.kind) {
    case "message": {
      const { from, to } = step;
      const after = widthOf(afterText(step)) + 4;
      const room = widthOf(callText(step, ARGUMENT.long)) + 6;
      const behind = { from: to, to, room: after + (from === null || from === to ? room : 0) };
      return from === null ? [behind] : [{ from, to, room }, behind];
    }
    case "reply":
      return [{ from: step.from, to: step.to, room: widthOf(step.verb) + 17 }];
    case "note":
      return [{ from: step.who, to: step.who, room: widthOf(step.text) + 4 }];
    case "world":
      return [];
  }
}

export function participants(step: Step): string[] {
  switch (step.kind) {
    case "message":
      return step.from === null ? [step.to] : [step.from, step.to];
    case "reply":
      return [step.from, step.to];
    case "note":
      return [step.who];
    case "world":
      return [];
  }
}

/**
 * How much each takes part, in order of appearance: the number of steps, and of equals more for who
 * was seen later, because what matters is near the end.
 */
export function involvedIn(steps: readonly Step[]): Map<string, number> {
  const involved = new Map<string, number>();
  steps.forEach((step, at) => {
    for (const who of participants(step)) {
      const before = Math.floor(involved.get(who) ?? 0);
      involved.set(who, before + 1 + at / steps.length);
    }
  });
  return involved;
}

export function isStart(step: Step): boolean {
  return step.kind === "note" && step.text.startsWith("started");
}

export function isEnd(step: NoteStep): boolean {
  return step.text.startsWith("ended");
}

export function isTrouble(step: NoteStep): boolean {
  return /^(?:failed|could not|gave up|crash)/.test(step.text);
}

/** `1,203.5 ms`, in every locale. */
export function formatMs(ms: number): string {
  const rounded = Math.round(ms * 1_000) / 1_000;
  const [whole = "", fraction] = String(rounded).split(".");
  const grouped = whole.replaceAll(/\d(?=(?:\d{3})+$)/g, "$&,");
  return `${fraction === undefined ? grouped : `${grouped}.${fraction}`} ms`;
}
