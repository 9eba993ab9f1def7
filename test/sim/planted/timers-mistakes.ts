import type { Mistake } from "./mistake.ts";

export const timersMistakes: readonly Mistake[] = [
  {
    name: "a timer's tick is seen although the timer was cancelled",
    why: "it is taken out of the wheel, and its tick may be in the mailbox",
    file: "src/kernel/timers.ts",
    find: `    if (this.#over) return undefined;
    if (this.#periodMs === 0) this.cancel();`,
    replace: `    if (this.#periodMs === 0) this.cancel();`,
    model: "timers",
  },
  {
    name: "a tick of the incarnation before is seen by the next",
    why: "cancelling and releasing are the same but for one line, which went to the wrong one",
    file: "src/kernel/timers.ts",
    find: `    this.release();
    this.#owner.disown(this);
    if (this.key !== undefined) this.#owner.forgetTimer(this.key, this);
  }

  release(): void {
    this.#over = true;
`,
    replace: `    this.#over = true;
    this.release();
    this.#owner.disown(this);
    if (this.key !== undefined) this.#owner.forgetTimer(this.key, this);
  }

  release(): void {
`,
    model: "timers",
  },
  {
    name: "a repeating timer drifts",
    why: "the next period begins now",
    file: "src/kernel/timers.ts",
    find: `    this.#dueAt += this.#periodMs;
    if (`,
    replace: `    this.#dueAt = now + this.#periodMs;
    if (`,
    model: "timers",
  },
  {
    name: "a repeating timer is measured by the wall clock, and jumps with it",
    why: "the time of the next tick is a time",
    file: "src/kernel/timers.ts",
    find: `    if (this.#periodMs > 0) this.#dueAt = world.now() + delayMs;
    wheel.set(this, delayMs);
  }

  override expire(): void {
    const { cell } = this.#owner;
    if (this.#periodMs > 0) this.#startNext(cell);
    // With \`skip\`, a tick that nobody has looked at yet stands for this one too.
    if (this.#queued > 0 && !this.#deliverMissed) return;
    this.#queued++;
    if (this.#setBy !== null && this.#setBy === cell.current) {
      const { verb } = this.#setBy;
      cell.kernel.events.emit({ type: "selfWait", actor: cell.label, verb: verb.name });
    }
    cell.kernel.router.deliver(new Envelope(cell, TICK, 1, this, undefined, null, cell));
  }

  #startNext(cell: Cell): void {
    const { world, wheel } = cell.kernel;
    const now = world.now();`,
    replace: `    if (this.#periodMs > 0) this.#dueAt = world.date() + delayMs;
    wheel.set(this, delayMs);
  }

  override expire(): void {
    const { cell } = this.#owner;
    if (this.#periodMs > 0) this.#startNext(cell);
    // With \`skip\`, a tick that nobody has looked at yet stands for this one too.
    if (this.#queued > 0 && !this.#deliverMissed) return;
    this.#queued++;
    if (this.#setBy !== null && this.#setBy === cell.current) {
      const { verb } = this.#setBy;
      cell.kernel.events.emit({ type: "selfWait", actor: cell.label, verb: verb.name });
    }
    cell.kernel.router.deliver(new Envelope(cell, TICK, 1, this, undefined, null, cell));
  }

  #startNext(cell: Cell): void {
    const { world, wheel } = cell.kernel;
    const now = world.date();`,
    model: "timers",
  },
  {
    name: "a new timer with the same key does not take the place of the old one",
    why: "the new one is noted under the key, and the old one goes on",
    file: "src/kernel/timers.ts",
    find: `      this.cancel(timer.key);
      this.#owner.nameTimer`,
    replace: `      this.#owner.nameTimer`,
    model: "timers",
  },
];
