/* oxlint-disable unicorn/require-post-message-target-origin -- a thread has no origin: that is for windows of browsers */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/*
 * No library: what people write by hand. Each message is posted for itself, and not with the others
 * of its turn.
 */
function counter() {
  const worker = new Worker(new URL("threads/post-message.mjs", import.meta.url));
  worker.unref();
  return worker;
}

/** A question to which the next message is the answer. */
function asked(worker, question) {
  return new Promise((resolve) => {
    worker.once("message", ({ n }) => resolve(n));
    worker.postMessage(question);
  });
}

const casts =
  (payload) =>
  async ({ atOnce }) => {
    const worker = counter();
    let before = await asked(worker, { tag: 0 });
    return async (ops) => {
      for (let sent = 0; sent < ops; sent += atOnce) {
        for (let i = sent; i < Math.min(ops, sent + atOnce); i++) worker.postMessage(payload(i));
        await nextTurn();
      }
      // The question counts as well.
      const n = await asked(worker, { tag: 0 });
      const counted = n - 1 - before;
      before = n;
      return counted;
    };
  };

export const threadCast = casts(() => 1);
export const threadCastObject = casts((id) => ({
  id,
  kind: "order",
  text: "two of the large ones, please",
}));

export const threadCall1000 = async () => {
  const worker = counter();
  const waiting = new Map();
  let lastTag = 0;
  worker.on("message", ({ tag, n }) => {
    waiting.get(tag)(n);
    waiting.delete(tag);
  });
  const next = () =>
    new Promise((resolve) => {
      waiting.set(++lastTag, resolve);
      worker.postMessage({ tag: lastTag });
    });
  let before = await next();
  return async (ops) => {
    let last = before;
    for (let sent = 0; sent < ops; sent += 1_000) {
      const replies = [];
      for (let i = Math.min(1_000, ops - sent); i > 0; i--) replies.push(next());
      last = (await Promise.all(replies)).at(-1);
    }
    const answered = last - before;
    before = last;
    return answered;
  };
};

export const threadBlocked = async () => {
  const [worker, neighbour] = [counter(), counter()];
  const question = { tag: 0 };
  await Promise.all([asked(worker, question), asked(neighbour, question)]);
  let answer;
  worker.on("message", ({ n }) => answer(n));
  const ask = () =>
    new Promise((resolve) => {
      answer = resolve;
      worker.postMessage(question);
    });
  return { ask, spin: (flags) => neighbour.postMessage({ flags }) };
};
