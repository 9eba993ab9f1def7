import { EventEmitter } from "node:events";

/*
 * Node's EventEmitter: calls its listeners inside of `emit`. It has no replies, no queue, no end; it
 * takes part where a listener is what people use instead of an actor.
 */
function counter() {
  const emitter = new EventEmitter();
  const state = { n: 0 };
  emitter.on("add", (by) => {
    state.n += by;
  });
  return { emitter, state };
}

export const cast = () => {
  const { emitter, state } = counter();
  return (ops) => {
    const before = state.n;
    for (let i = 0; i < ops; i++) emitter.emit("add", 1);
    return state.n - before;
  };
};

export const spawnStop = () => (ops) => {
  let lived = 0;
  for (let i = 0; i < ops; i++) {
    const { emitter, state } = counter();
    emitter.emit("add", 1);
    emitter.removeAllListeners();
    lived += state.n;
  }
  return lived;
};

export const memory = () => {
  const kept = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) kept.push(counter());
    },
  };
};
