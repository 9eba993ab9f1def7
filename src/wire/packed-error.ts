import {
  ActorFailedError,
  ActorStoppedError,
  BadInputError,
  DeadlockError,
  JobDiscardedError,
  KilledError,
  MailboxFullError,
  RestartIntensityError,
  StartError,
  StashFullError,
  ThreadError,
  TimeoutError,
  TroupeError,
  WrongStateError,
} from "../kernel/errors.ts";
import { errorClass, errorName, type ErrorClass } from "./definitions.ts";
import { setField } from "./set-field.ts";

/** An error as it goes to another node: its class by name, and all that it carries. */
export interface PackedError {
  /** Its class, where both sides know it: the name it is registered under, our code, the host's name. */
  readonly is: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Absent where it has none. */
  readonly cause?: unknown;
  /** The parts of an `AggregateError`. */
  readonly errors?: unknown;
  readonly fields: Record<string, unknown>;
}

/** By code, which stays what it is where a bundler renames classes. */
const OURS = new Map<string, ErrorClass>(
  Object.entries({
    TROUPE_ACTOR_FAILED: ActorFailedError,
    TROUPE_ACTOR_STOPPED: ActorStoppedError,
    TROUPE_BAD_INPUT: BadInputError,
    TROUPE_DEADLOCK: DeadlockError,
    TROUPE_JOB_DISCARDED: JobDiscardedError,
    TROUPE_KILLED: KilledError,
    TROUPE_MAILBOX_FULL: MailboxFullError,
    TROUPE_RESTART_INTENSITY: RestartIntensityError,
    TROUPE_START: StartError,
    TROUPE_STASH_FULL: StashFullError,
    TROUPE_THREAD: ThreadError,
    TROUPE_TIMEOUT: TimeoutError,
    TROUPE_WRONG_STATE: WrongStateError,
  }),
);
const HOSTS = new Map<string, ErrorClass>(
  Object.entries({
    AggregateError,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  }),
);
const BRAND = Symbol.for("troupe.error");
const SHOWN_ELSEWHERE = new Set(["name", "message", "stack", "cause", "errors"]);

/** Takes an error apart; what it carries is the caller's to pack. */
export function packError(error: Error): PackedError {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (!SHOWN_ELSEWHERE.has(key)) {
      setField(fields, key, (error as never as Record<string, unknown>)[key]);
    }
  }
  const { errors } = error as { errors?: unknown };
  return {
    is: classNameOf(error),
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...("cause" in error ? { cause: error.cause } : {}),
    ...(errors === undefined ? {} : { errors }),
    fields,
  };
}

function classNameOf(error: Error): string {
  const own = errorName(error);
  if (own !== undefined) return own;
  return error instanceof TroupeError ? error.code : error.name;
}

/** Makes an error of the class that it had, where that is known here, else one of that name. */
export function makeError({ is, name, message, stack }: PackedError): Error {
  // A real error, so that hosts show it as one; its class is given to it afterwards.
  const error = new Error(message);
  const ours = OURS.get(is);
  const kind = errorClass(is) ?? ours ?? HOSTS.get(is);
  if (kind !== undefined) Object.setPrototypeOf(error, kind.prototype as object);
  // Also one of a room that this side has not loaded: `instanceof` compares codes.
  if (ours !== undefined || is.startsWith("TROUPE_")) {
    Object.defineProperty(error, BRAND, { value: true });
  }
  if (error.name !== name) hide(error, "name", name);
  hide(error, "stack", stack);
  return error;
}

/** Gives it what it carried. */
export function fillError(error: Error, packed: PackedError): void {
  if ("cause" in packed) hide(error, "cause", packed.cause);
  if ("errors" in packed) hide(error, "errors", packed.errors);
  for (const [key, field] of Object.entries(packed.fields)) setField(error, key, field);
}

/** As errors have them: there, and not listed. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}
