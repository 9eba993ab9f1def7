/*
 * From `import` to the first reply. These stand apart from the other adapters because those have
 * imported their library before anybody looks at a clock.
 */
export const nact = () => async () => {
  const { dispatch, query, spawn, start } = await import("nact");
  const one = spawn(start(), (_state, _message, ctx) => dispatch(ctx.sender, 1), "one");
  return query(one, "value", 1_000);
};

export const effect = () => async () => {
  const { Deferred, Effect, Queue } = await import("effect");
  const queue = Effect.runSync(Queue.unbounded());
  Effect.runFork(
    Effect.forever(
      Effect.flatMap(Queue.take(queue), (reply) => Deferred.succeed(reply, 1)),
      { disableYield: true },
    ),
  );
  const reply = Deferred.makeUnsafe();
  Queue.offerUnsafe(queue, reply);
  return Effect.runPromise(Deferred.await(reply));
};

export const comedy = () => async () => {
  const { default: library } = await import("comedy");
  const root = await library.createSystem({ test: true }).rootActor();
  const one = await root.createChild({ value: () => 1 });
  return one.sendAndReceive("value");
};

export const xstate = () => async () => {
  const { createActor, fromCallback } = await import("xstate");
  const one = createActor(fromCallback(({ receive }) => receive(({ reply }) => reply(1)))).start();
  return new Promise((reply) => one.send({ type: "value", reply }));
};
