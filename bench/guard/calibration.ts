/*
 * Loops without an actor that lean on the same things as one does: short-lived objects, a linked
 * list, calls through a field, promises and microtasks. On a faster or busier machine, or with
 * another engine, they and the actors get faster or slower together; so their ratio is worth
 * comparing where a time is not.
 */

const AT_ONCE = 1_000;

class Counted {
  n = 0;
}

class Message {
  readonly to: Counted;
  readonly work: (to: Counted, by: number) => void;
  readonly by: number;
  readonly resolve: ((n: number) => void) | null;
  next: Message | null = null;

  constructor(
    to: Counted,
    work: (to: Counted, by: number) => void,
    by: number,
    resolve: ((n: number) => void) | null,
  ) {
    this.to = to;
    this.work = work;
    this.by = by;
    this.resolve = resolve;
  }
}

class Line {
  #head: Message | null = null;
  #tail: Message | null = null;

  push(message: Message): void {
    if (this.#tail === null) this.#head = message;
    else this.#tail.next = message;
    this.#tail = message;
  }

  readonly drain = (): void => {
    for (let message = this.#head; message !== null; message = this.#head) {
      this.#head = message.next;
      message.next = null;
      message.work(message.to, message.by);
      message.resolve?.(message.to.n);
    }
    this.#tail = null;
  };
}

const add = (to: Counted, by: number): void => {
  to.n += by;
};
const settled = Promise.resolve();

export async function castPlainly(operations: number): Promise<void> {
  const line = new Line();
  const counted = new Counted();
  for (let sent = 0; sent < operations; sent += AT_ONCE) {
    for (let i = 0; i < AT_ONCE; i++) line.push(new Message(counted, add, 1, null));
    await settled.then(line.drain);
  }
}

export async function callPlainly(operations: number): Promise<void> {
  const line = new Line();
  const counted = new Counted();
  for (let i = 0; i < operations; i++) {
    await new Promise<number>((resolve) => {
      line.push(new Message(counted, add, 1, resolve));
      void settled.then(line.drain);
    });
  }
}

/** As much as an actor is made of: a few objects, a place in a table, a promise of its end. */
class Life {
  readonly counted = new Counted();
  readonly line = new Line();
  readonly id: number;
  readonly ended: Promise<number>;
  older: Life | null = null;
  younger: Life | null = null;
  status = "starting";
  flags = 0;

  constructor(id: number) {
    this.id = id;
    this.ended = new Promise((resolve) => {
      this.line.push(new Message(this.counted, add, 1, null));
      this.line.push(new Message(this.counted, add, 1, resolve));
    });
  }
}

export async function spawnPlainly(operations: number): Promise<void> {
  const lives = new Map<number, Life>();
  for (let made = 0; made < operations; made += AT_ONCE) {
    const ends: Promise<number>[] = [];
    for (let id = made; id < made + AT_ONCE; id++) {
      const life = new Life(id);
      lives.set(id, life);
      ends.push(life.ended);
    }
    await settled.then(() => {
      for (const life of lives.values()) life.line.drain();
      lives.clear();
    });
    await Promise.all(ends);
  }
}
