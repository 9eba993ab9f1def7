/* oxlint-disable unicorn/require-post-message-target-origin -- a thread has no origin: that is for windows of browsers */
import { parentPort } from "node:worker_threads";

let n = 0;

/** Until the second of the flags is set; see bench/threads/spin.ts. */
function spin(flags) {
  Atomics.store(flags, 0, 1);
  while (Atomics.load(flags, 1) === 0);
}

parentPort.on("message", (message) => {
  if (message.flags !== undefined) spin(message.flags);
  n++;
  if (message.tag !== undefined) parentPort.postMessage({ tag: message.tag, n });
});
