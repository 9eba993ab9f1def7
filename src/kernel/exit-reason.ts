/**
 * Why an actor ended. The first reason wins.
 *
 * - `normal`: it was asked to stop, or had nothing left to do.
 * - `shutdown`: its supervisor or system ended it, or somebody gave `detail` as the reason.
 * - `killed`: it was killed; its `exit` hook did not run.
 * - `failed`: a hook or handler threw `error`.
 */
export type ExitReason =
  | { readonly kind: "normal" }
  | { readonly kind: "shutdown"; readonly detail?: unknown }
  | { readonly kind: "killed" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a monitor may hear: an exit reason, or that there was no actor, or no way to it. */
export type DownReason =
  | ExitReason
  | { readonly kind: "noproc" }
  | { readonly kind: "noconnection" };

export const NORMAL: ExitReason = Object.freeze({ kind: "normal" });
export const SHUTDOWN: ExitReason = Object.freeze({ kind: "shutdown" });
export const KILLED: ExitReason = Object.freeze({ kind: "killed" });
export const NOPROC: DownReason = Object.freeze({ kind: "noproc" });

/** What callers may give as a reason: a whole one, or the detail of a shutdown. */
export type ReasonInput = ExitReason | string;

export function toReason(given: ReasonInput | undefined): ExitReason {
  if (given === undefined) return NORMAL;
  return typeof given === "string" ? { kind: "shutdown", detail: given } : given;
}

/** As `String`, for what was thrown: that may be anything, also what refuses to be shown. */
export function show(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that cannot be shown";
  }
}

/** `String` would make `[object Object]` of most things. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null || value instanceof Error) return show(value);
  const name = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)
    ?.constructor?.name;
  return `an object of ${name ?? "no class"}`;
}

/** Writes a reason as a person would say it: `failed: Error: disk full`. */
export function describeReason(reason: DownReason): string {
  switch (reason.kind) {
    case "failed":
      return `failed: ${show(reason.error)}`;
    case "shutdown":
      return reason.detail === undefined ? "shutdown" : `shutdown: ${describe(reason.detail)}`;
    default:
      return reason.kind;
  }
}
