import comedy from "comedy";

/*
 * comedy's actors in memory, its default mode. A handler is run two promises after it was sent to,
 * whether or not the one before has ended: an async handler does not keep others waiting. A reply
 * may overtake a message that was sent before, so the counters say themselves when they are done.
 */
const PEOPLE_LIMIT = 100_000;
const TREE_LIMIT = 10_000;

function signal() {
  let fire;
  const fired = new Promise((resolve) => (fire = resolve));
  return { fired, fire };
}

// `test` is what comedy calls silence.
const root = () => comedy.createSystem({ test: true }).rootActor();

class Counter {
  n = 0;
  #goal = Number.POSITIVE_INFINITY;
  #done;

  goal(count, done) {
    this.#goal = count;
    this.#done = done;
  }

  add(by) {
    this.n += by;
    if (this.n === this.#goal) this.#done(this.n);
  }

  async addAsync(by) {
    this.add(by);
  }

  next() {
    return ++this.n;
  }
}

const casts =
  (topic) =>
  async ({ atOnce }) => {
    const counter = await (await root()).createChild(Counter);
    let before = 0;
    return async (ops) => {
      let n = before;
      for (let left = ops; left > 0; left -= atOnce) {
        const batch = Math.min(left, atOnce);
        const { fired, fire } = signal();
        await counter.sendAndReceive("goal", n + batch, fire);
        for (let i = batch; i > 0; i--) void counter.send(topic, 1);
        n = await fired;
      }
      const counted = n - before;
      before = n;
      return counted;
    };
  };

export const cast = casts("add");
export const castAsync = casts("addAsync");

const calls = (asking) => async (size) => {
  // It has no mailbox in which anything could wait.
  if (size.queued !== undefined) return undefined;
  const counter = await (await root()).createChild(Counter);
  let before = 0;
  return async (ops) => {
    const last = await asking(counter, ops);
    const answered = last - before;
    before = last;
    return answered;
  };
};

export const callSeq = calls(async (counter, ops) => {
  let last = 0;
  for (let i = 0; i < ops; i++) last = await counter.sendAndReceive("next");
  return last;
});

export const call1000 = calls(async (counter, ops) => {
  let last = 0;
  for (let sent = 0; sent < ops; sent += 1_000) {
    const replies = [];
    for (let i = Math.min(1_000, ops - sent); i > 0; i--) {
      replies.push(counter.sendAndReceive("next"));
    }
    last = (await Promise.all(replies)).at(-1);
  }
  return last;
});

class Player {
  #balls = 0;

  ball(left, from, to, done) {
    this.#balls++;
    if (left === 0) done();
    else void from.send("ball", left - 1, to, from, done);
  }

  balls() {
    const balls = this.#balls;
    this.#balls = 0;
    return balls;
  }
}

export const pingPong = async () => {
  const parent = await root();
  const [ping, pong] = [await parent.createChild(Player), await parent.createChild(Player)];
  return async (ops) => {
    const { fired, fire } = signal();
    void ping.send("ball", ops - 1, pong, ping, fire);
    await fired;
    return (await ping.sendAndReceive("balls")) + (await pong.sendAndReceive("balls"));
  };
};

class Hop {
  #next;

  next(to) {
    this.#next = to;
  }

  token(left, count, done) {
    if (left === 0) done(count);
    else void this.#next.send("token", left - 1, count + 1, done);
  }
}

export const ring = async ({ actors }) => {
  const parent = await root();
  const hops = [];
  for (let i = 0; i < actors; i++) hops.push(await parent.createChild(Hop));
  for (let i = 0; i < actors; i++) await hops[i].sendAndReceive("next", hops[(i + 1) % actors]);
  return (ops) => {
    const { fired, fire } = signal();
    void hops[0].send("token", ops - 1, 1, fire);
    return fired;
  };
};

class Peer {
  #pongs = 0;
  #done;
  #others = 0;

  pingAll(self, peers, done) {
    this.#pongs = 0;
    this.#others = peers.length - 1;
    this.#done = done;
    for (const peer of peers) if (peer !== self) void peer.send("ping", self);
  }

  ping(from) {
    void from.send("pong");
  }

  pong() {
    if (++this.#pongs === this.#others) this.#done(this.#pongs * 2);
  }
}

export const big = async ({ actors }) => {
  const parent = await root();
  const peers = [];
  for (let i = 0; i < actors; i++) peers.push(await parent.createChild(Peer));
  return async () => {
    const messages = peers.map((each) => {
      const { fired, fire } = signal();
      void each.send("pingAll", each, peers, fire);
      return fired;
    });
    return (await Promise.all(messages)).reduce((a, b) => a + b, 0);
  };
};

export const spawnStop = async ({ atOnce }) => {
  const parent = await root();
  let lived = 0;
  class Mortal {
    live() {
      lived++;
    }
  }
  const life = async () => {
    const mortal = await parent.createChild(Mortal);
    void mortal.send("live");
    await mortal.destroy();
  };
  return async (ops) => {
    lived = 0;
    for (let left = ops; left > 0; left -= atOnce) {
      await Promise.all(Array.from({ length: Math.min(left, atOnce) }, life));
    }
    return lived;
  };
};

class Node {
  #self;
  #sum = 0;
  #missing = 10;
  #parent;

  initialize(self) {
    this.#self = self;
  }

  async begin(first, leaves, parent) {
    this.#parent = parent;
    if (leaves === 1) return this.#tell(first);
    const part = leaves / 10;
    for (let i = 0; i < 10; i++) {
      const child = await this.#self.createChild(Node);
      void child.send("begin", first + i * part, part, this.#self);
    }
  }

  report(sum) {
    this.#sum += sum;
    if (--this.#missing === 0) this.#tell(this.#sum);
  }

  #tell(sum) {
    if (typeof this.#parent === "function") this.#parent(sum);
    else void this.#parent.send("report", sum);
    void this.#self.destroy();
  }
}

export const skynet = async ({ leaves }) => {
  if (leaves > TREE_LIMIT) return undefined;
  const parent = await root();
  return async () => {
    const { fired, fire } = signal();
    const tree = await parent.createChild(Node);
    void tree.send("begin", 0, leaves, fire);
    return fired;
  };
};

export const memory = async ({ actors }) => {
  if (actors > PEOPLE_LIMIT) return undefined;
  const parent = await root();
  const kept = [];
  return {
    grow: async (count) => {
      for (let i = 0; i < count; i++) kept.push(await parent.createChild(Counter));
    },
  };
};
