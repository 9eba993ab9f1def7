import { Worker } from "node:worker_threads";
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

/** A counter in a thread; each call is a message, and its answer another. */
function counter() {
  const worker = new Worker(new URL("threads/comlink.mjs", import.meta.url));
  worker.unref();
  return Comlink.wrap(nodeEndpoint(worker));
}

const calls = (asking) => async () => {
  const remote = counter();
  let before = await remote.next();
  return async (ops) => {
    const last = await asking(remote, ops);
    const answered = last - before;
    before = last;
    return answered;
  };
};

export const threadCall = calls(async (remote, ops) => {
  let last = 0;
  for (let i = 0; i < ops; i++) last = await remote.next();
  return last;
});

export const threadCall1000 = calls(async (remote, ops) => {
  let last = 0;
  for (let sent = 0; sent < ops; sent += 1_000) {
    const replies = [];
    for (let i = Math.min(1_000, ops - sent); i > 0; i--) replies.push(remote.next());
    last = (await Promise.all(replies)).at(-1);
  }
  return last;
});
