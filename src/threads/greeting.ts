import type { Control } from "./control.ts";

/** What a thread is told before anything else. */
export interface Greeting {
  /** In addresses and labels: `local/threads#0`. */
  readonly name: string;
  /** Of the node in which the system was made. */
  readonly root: string;
  readonly development: boolean;
  readonly callTimeout: number;
  readonly capacity: number;
  readonly window: number;
  readonly control: Control | undefined;
  /** How often it is to count up, in ms. */
  readonly beatMs: number;
}

/** The first message to a thread, or what it is made with. */
export interface Greeted {
  readonly troupe: Greeting;
}

export function isGreeting(message: unknown): message is Greeted {
  return typeof message === "object" && message !== null && "troupe" in message;
}

/** A thread's answer: it listens, and has loaded its module as far as the first `register`. */
export const HELLO = "troupe.hello";
