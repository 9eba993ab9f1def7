import type { GroupFilter } from "../names/groups.ts";
import type { Topic } from "../names/topics.ts";
import { behaviourOf, type ActorDef } from "./behaviour.ts";
import { Owed } from "./owed.ts";
import type { PendingCall } from "./pending-call.ts";
import { AskedFor } from "./asked-for.ts";
import { Belongings, type Belonging } from "./belonging.ts";
import type { Cell } from "./cell.ts";
import { identityOf } from "./door.ts";
import type { Children, Context, PropsArgs } from "./context.ts";
import { ActorStoppedError, BadInputError, KilledError } from "./errors.ts";
import { toReason, type ExitReason, type ReasonInput } from "./exit-reason.ts";
import { GroupRef, type Group, type GroupChange } from "./group-ref.ts";
import { watchGroupFor } from "./group-watch.ts";
import type { ActorLog } from "./log.ts";
import { checkFunction, checkReason } from "./options.ts";
import { cellOf, refTo, type AnyRef, type Ref } from "./ref.ts";
import { forwardTo, Reply, Request, type Forwarding } from "./reply.ts";
import { runAs } from "./running.ts";
import { linkCells, monitorCell, unlinkCells, type Down, type Monitor } from "./signals.ts";
import { sleep } from "./sleep.ts";
import { Pump, type Source, type SourceOptions } from "./sources.ts";
import { clearSent, dropStashed, stashCurrent, unstashAll } from "./stash.ts";
import { requestStop } from "./stop.ts";
import { Subscription, type ConvertOptions, type SubscribeOptions } from "./subscriptions.ts";
import { Task, type TaskOptions } from "./tasks.ts";
import { IncarnationTimers, type KeyedTimer, type Timers } from "./timers.ts";
import { pendingOf } from "./verb.ts";

/** What became of the message that is being handled, where it was not simply handled. */
const REPLY_TAKEN = 1;
export const STASHED = 2;

/**
 * One life of an actor between a start and a failure or end: its state and all that goes with it.
 *
 * This is what handlers know as `ctx`. When it is over, it is of no use any more, and what it owns
 * is gone; that is how a kill, which cannot stop JavaScript, is made to hold.
 */
export class Incarnation implements Context<unknown> {
  readonly cell: Cell;
  #state: unknown = undefined;
  /** Why it is of no use any more; null while it lives. */
  #fenced: ExitReason | null = null;
  /** Set by the handler that runs: `REPLY_TAKEN`, `STASHED` or 0. */
  taken = 0;
  #own: Belongings | null = null;
  #more: AskedFor | null = null;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  // --- what the kernel does with it ------------------------------------------------------------

  get over(): boolean {
    return this.#fenced !== null;
  }

  get endReason(): ExitReason | null {
    return this.#fenced ?? this.cell.rare?.ending?.reason ?? this.cell.reason;
  }

  /** The state as it is, also when the incarnation is over. */
  get lastState(): unknown {
    return this.#state;
  }

  /** Takes what `init` made. */
  adopt(state: unknown): void {
    this.#state = state;
  }

  own(belonging: Belonging): void {
    (this.#own ??= new Belongings()).add(belonging);
  }

  disown(belonging: Belonging): void {
    this.#own?.delete(belonging);
  }

  owns(belonging: Belonging): boolean {
    return this.#own?.has(belonging) ?? false;
  }

  /** Ends what belongs to it; replies that it owes can still be given. */
  release(): void {
    const own = this.#own;
    this.#own = null;
    own?.release();
    const more = this.#more;
    if (more?.abort != null) {
      const { abort } = more;
      const { label } = this.cell;
      const reason = this.endReason ?? { kind: "normal" };
      const why =
        reason.kind === "killed"
          ? new KilledError(label, "signal")
          : new ActorStoppedError(label, "signal", reason);
      // What listens is its own code, also when another actor's handler has killed it.
      runAs(this.cell, () => abort.abort(why));
    }
  }

  /** Cuts it off at once: what still runs of it changes nothing. */
  fence(reason: ExitReason): void {
    const { cell } = this;
    const call = cell.current?.call;
    this.close(reason);
    // What is handled at a kill is not handled again, stashed or not.
    if (this.taken === STASHED) dropStashed(cell, cell.current);
    cell.current = null;
    if (call != null && !call.settled) call.receiverGone(cell.label, reason);
  }

  /** Ends it: nothing is owned, nothing owed, every further use refused. */
  close(reason: ExitReason): void {
    this.#fenced ??= reason;
    this.release();
    const owed = this.#more?.owed;
    for (let call = owed?.shift(); call != null; call = owed?.shift()) {
      call.receiverGone(this.cell.label, reason);
    }
    const whenOver = this.#more?.whenOver;
    if (whenOver == null) return;
    this.#more!.whenOver = null;
    for (const fn of whenOver) fn();
  }

  /** Takes over a reply that somebody is still to give. */
  owe(call: PendingCall): void {
    call.extra.owed?.delete(call);
    (this.extra.owed ??= new Owed()).add(call);
  }

  /** The sender of what this incarnation sends behind an `await`; throws when it was killed. */
  senderOf(to: Cell): Cell | null {
    if (this.#fenced === null) return this.cell;
    if (this.#fenced.kind === "killed") this.check(`a message to ${to.label}`);
    return null;
  }

  /** Refuses the use of an incarnation that is over. */
  check(what: string): void {
    if (this.#fenced === null) return;
    const { label } = this.cell;
    if (this.#fenced.kind === "killed") throw new KilledError(label, what);
    throw new ActorStoppedError(label, what, this.#fenced);
  }

  /** Refuses what does no harm either, once it was killed: its context is revoked as a whole. */
  checkRevoked(what: string): void {
    if (this.#fenced !== null && this.#fenced.kind === "killed") this.check(what);
  }

  /** Wraps a function so that it is not run when this incarnation is over. */
  guard(fn: (value: never) => unknown): (value: never) => unknown {
    return (value) => (this.over ? undefined : fn(value));
  }

  get extra(): AskedFor {
    return (this.#more ??= new AskedFor());
  }

  nameTimer(key: string, timer: KeyedTimer): void {
    (this.extra.timersByKey ??= new Map()).set(key, timer);
  }

  timerNamed(key: string): KeyedTimer | undefined {
    return this.#more?.timersByKey?.get(key);
  }

  forgetTimer(key: string, timer: KeyedTimer): void {
    if (this.timerNamed(key) === timer) this.#more!.timersByKey!.delete(key);
  }

  /** Notes that the running handler's reply is in somebody's hands. */
  takeReply(): void {
    this.taken = REPLY_TAKEN;
  }

  // --- what handlers do with it ----------------------------------------------------------------

  get state(): unknown {
    if (this.#fenced !== null) this.check("ctx.state");
    return this.#state;
  }

  set state(state: unknown) {
    if (this.#fenced !== null) this.check("ctx.state");
    this.#state = state;
  }

  get props(): unknown {
    this.checkRevoked("ctx.props");
    return this.cell.props;
  }

  get self(): Ref<unknown> {
    this.checkRevoked("ctx.self");
    return refTo(this.cell);
  }

  get name(): string {
    this.checkRevoked("ctx.name");
    return this.cell.label;
  }

  /** The one thing left after a kill: it is how abandoned code learns of it. */
  get signal(): AbortSignal {
    const extra = this.extra;
    if (extra.abort === null) {
      extra.abort = new AbortController();
      if (this.over) this.release();
    }
    return extra.abort.signal;
  }

  get request(): Request | undefined {
    this.check("ctx.request");
    const envelope = this.cell.current;
    if (envelope === null || envelope.call === null) return undefined;
    const extra = this.extra;
    if (extra.requestFor !== envelope.call) {
      extra.requestFor = envelope.call;
      extra.request = new Request(envelope.verb.name, envelope.call);
    }
    return extra.request!;
  }

  get log(): ActorLog {
    this.checkRevoked("ctx.log");
    return (this.extra.log ??= this.cell.kernel.log.of(() => this.cell.label));
  }

  get timers(): Timers {
    this.checkRevoked("ctx.timers");
    return (this.extra.timers ??= new IncarnationTimers(this));
  }

  get children(): Children {
    this.checkRevoked("ctx.children");
    return this.cell.kernel.childrenOf(this);
  }

  now(): number {
    this.checkRevoked("ctx.now");
    return this.cell.kernel.world.now();
  }

  date(): number {
    this.checkRevoked("ctx.date");
    return this.cell.kernel.world.date();
  }

  random(): number {
    this.checkRevoked("ctx.random");
    return this.cell.kernel.world.random();
  }

  sleep(ms: number): Promise<void> {
    this.check("ctx.sleep");
    return sleep(this, ms);
  }

  spawn<B, Q>(def: ActorDef<B, Q>, ...[props, options]: PropsArgs<Q>): Ref<B> {
    this.check("ctx.spawn");
    return refTo(this.cell.kernel.spawn(this.cell, behaviourOf(def), props, options));
  }

  stop(reason?: ReasonInput): void {
    this.check("ctx.stop");
    checkReason("ctx.stop: reason", reason);
    requestStop(this.cell, toReason(reason), false);
  }

  monitor(ref: AnyRef, listener?: (down: Down) => unknown): Monitor {
    this.check("ctx.monitor");
    if (listener === undefined && this.cell.behaviour.onDown === undefined) {
      throw new BadInputError(
        `ctx.monitor in ${this.name}: nobody would hear of it; give a listener, or the definition an onDown hook`,
      );
    }
    return monitorCell(cellOf(ref), this, listener);
  }

  link(ref: AnyRef): void {
    this.check("ctx.link");
    linkCells(this.cell, cellOf(ref));
  }

  unlink(ref: AnyRef): void {
    this.check("ctx.unlink");
    unlinkCells(this.cell, cellOf(ref));
  }

  task<T>(
    work: PromiseLike<T> | ((signal: AbortSignal) => T | PromiseLike<T>),
    onDone?: (result: Awaited<T>) => unknown,
    options?: TaskOptions,
  ): void {
    // Also where it is refused: it has been started, and nobody else looks after it.
    if (typeof work !== "function") pendingOf(work)?.then(undefined, () => {});
    this.check("ctx.task");
    const task = new Task(this);
    this.own(task);
    task.run(work, onDone, options?.onError);
  }

  source<T>(
    source: Source<T>,
    onItem: (item: T) => unknown,
    options: SourceOptions = {},
  ): Disposable {
    this.check("ctx.source");
    const pump = new Pump(this, source, onItem, options);
    this.own(pump);
    pump.pull();
    return pump;
  }

  stash(): void {
    this.check("ctx.stash");
    stashCurrent(this.cell, this.taken === STASHED);
    this.taken = STASHED;
  }

  unstash(): void {
    this.check("ctx.unstash");
    unstashAll(this.cell);
  }

  clearMailbox(): number {
    this.check("ctx.clearMailbox");
    return clearSent(this.cell);
  }

  defer<R>(): Reply<R> {
    this.check("ctx.defer");
    const call = this.cell.current?.call ?? null;
    if (call !== null) {
      this.takeReply();
      if (!call.settled) this.owe(call);
    }
    return new Reply<R>(call);
  }

  forward<B>(ref: Ref<B>): Forwarding<B> {
    this.check("ctx.forward");
    const call = this.cell.current?.call ?? null;
    if (call === null) {
      throw new BadInputError(`ctx.forward in ${this.name}: what is being handled is no call`);
    }
    return forwardTo(this, call, ref) as Forwarding<B>;
  }

  group<B>(key: Group<B>): GroupRef<B> {
    this.check("ctx.group");
    return new GroupRef(this.cell.kernel, key);
  }

  join(group: Group<unknown>): void {
    this.check("ctx.join");
    // It has left its groups already, and nobody would take it out again.
    const { reason } = this.cell.rare?.ending?.final === true ? this.cell.rare.ending : this.cell;
    if (reason !== null) throw new ActorStoppedError(this.name, `join ${group.name}`, reason);
    this.cell.kernel.groups.join(group, identityOf(this.cell));
  }

  leave(group: Group<unknown>): void {
    this.check("ctx.leave");
    this.cell.kernel.groups.leave(group, identityOf(this.cell));
  }

  watchGroup(group: GroupFilter, listener?: (change: GroupChange) => void): AnyRef[] {
    this.check("ctx.watchGroup");
    return watchGroupFor(this, group, listener);
  }

  subscribe<T, U>(
    topic: Topic<T>,
    onEvent: (event: U) => unknown,
    options: SubscribeOptions<T> & Partial<ConvertOptions<T, U>> = {},
  ): Disposable {
    this.check("ctx.subscribe");
    checkFunction("subscribe: onEvent", onEvent);
    const subscription = new Subscription(this, topic.name, onEvent, options);
    this.own(subscription);
    this.cell.kernel.topics.subscribe(topic, subscription.receive);
    return subscription;
  }

  publish<T>(topic: Topic<T>, event: T): number {
    this.check("ctx.publish");
    return this.cell.kernel.topics.publish(topic, event, this.cell);
  }
}
