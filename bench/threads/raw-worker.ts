import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { countPrimes } from "./primes.ts";
import type { Order } from "./payloads.ts";
import { spin, type Flags } from "./spin.ts";

/** What a worker without a library is told to be. */
export type Role = "counter" | "replier" | "prime-counter" | "spinner";

/** Messages to count; null asks how many there were. */
export type Counted = number | Order | null;

/** Calls that were made in one turn: a tag for each. */
export type Calls = readonly number[];

/** Tag, answer, tag, answer … */
export type Answers = readonly number[];

/** Some of the numbers that are to be looked at. */
export interface Job {
  readonly from: number;
  readonly numbers: number;
}

/** Takes arrays, for one message costs as much to send as a hundred. */
function counter(port: MessagePort): void {
  let n = 0;
  port.on("message", (batch: readonly Counted[]) => {
    for (const each of batch) {
      if (each === null) port.postMessage(n);
      else n += typeof each === "number" ? each : 1;
    }
  });
}

function replier(port: MessagePort): void {
  let n = 0;
  port.on("message", (calls: Calls | null) => {
    if (calls === null) {
      port.postMessage(++n);
      return;
    }
    const answers: number[] = [];
    for (const tag of calls) answers.push(tag, ++n);
    port.postMessage(answers);
  });
}

function primeCounter(port: MessagePort): void {
  port.on("message", ({ from, numbers }: Job) => port.postMessage(countPrimes(from, numbers)));
}

/** Does nothing else until it is told to end; null asks whether it is there. */
function spinner(port: MessagePort): void {
  port.on("message", (flags: Flags | null) => {
    if (flags === null) port.postMessage(1);
    else spin(flags);
  });
}

const roles = { counter, replier, "prime-counter": primeCounter, spinner };

if (parentPort !== null) {
  // What raw-thread.ts passes.
  roles[(workerData as { readonly role: Role }).role](parentPort);
}
