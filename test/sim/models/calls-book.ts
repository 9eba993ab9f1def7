import {
  ActorFailedError,
  ActorStoppedError,
  DeadlockError,
  MailboxFullError,
  status,
  TimeoutError,
  withOptions,
  type Ref,
} from "troupe";
import { InjectedCrash } from "troupe/sim";
import { Book } from "./book.ts";

/** The ways in which a clerk answers. */
export const MANNERS = [
  "now",
  "later",
  "deferred",
  "handed",
  "forwarded",
  "refused",
  "stashed",
  "fails",
  "failsLater",
  "never",
] as const;

/** A clerk's verbs: requests and notes are numbers, looked up in the book. */
export interface Clerk {
  note(order: number): void;
  ask(id: number): Promise<number>;
}

/** Somebody who is asked: its ref, and what was seen of it. */
export interface Office {
  readonly name: string;
  readonly ref: Ref<Clerk>;
  /** Which of its lives it is in: the number of its `init`s. */
  lives: number;
  /** The last that each sender sent and that was handled. */
  readonly seen: Map<string, number>;
}

export interface Ask {
  readonly manner: (typeof MANNERS)[number];
  readonly ms: number;
  /** To whom it is forwarded, or handed. */
  readonly other: Office;
}

/** A message of one sender, numbered over all that it sends. */
export interface Order {
  readonly from: string;
  readonly number: number;
}

/** One call, from when it is made. */
export class Request implements Order {
  readonly id: number;
  readonly to: Office;
  readonly ask: Ask;
  readonly limitMs: number;
  readonly from: string;
  readonly number: number;
  readonly sentAt: number;
  /** In which lives it found whom it was sent to, and whom that may pass it on to. */
  readonly lives: readonly [number, number];
  /** What its caller's signal aborts with. */
  readonly aborted = { id: NaN };
  abortedAt: number | undefined;
  /** How often it may be taken: once, and once more where it is passed on or taken up again. */
  mayBegin = 1;
  begun = 0;
  /** The life that has it now. */
  life = 0;
  passedOn = false;
  /** A handler has answered. */
  given = false;
  settled = false;

  constructor(id: number, to: Office, ask: Ask, limitMs: number, order: Order, sentAt: number) {
    this.id = id;
    this.aborted.id = id;
    this.to = to;
    this.ask = ask;
    this.limitMs = limitMs;
    this.from = order.from;
    this.number = order.number;
    this.sentAt = sentAt;
    this.lives = [to.lives, ask.other.lives];
  }
}

/** What a clerk fails with, or refuses with, on behalf of one request. */
export class Tagged extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`request ${id}`);
    this.id = id;
  }
}

/** All requests of a run, and what must hold of each. */
export class Calls extends Book {
  readonly requests: Request[] = [];
  readonly notes: Order[] = [];
  readonly #open = new Set<Request>();
  readonly #sent = new Map<string, number>();
  /** Answers that were given when their caller had left. */
  late = 0;
  lateTold = 0;
  /** Handlers that were made to fail behind their work: their failure may be a late answer, too. */
  crashesAfter = 0;

  /** Calls, as whoever runs; `lossy` says that messages to it may be lost or delayed. */
  async call(
    from: string,
    to: Office,
    ask: Ask,
    limitMs: number,
    abort?: AbortController,
  ): Promise<void> {
    const order = this.#next(from, to);
    const request = new Request(this.requests.length, to, ask, limitMs, order, this.now);
    this.requests.push(request);
    const options = abort === undefined ? {} : { signal: abort.signal };
    const answer = withOptions(to.ref, { timeout: limitMs, ...options }).ask(request.id);
    this.#open.add(request);
    abort?.signal.addEventListener("abort", () => {
      if (!request.settled) request.abortedAt = this.now;
    });
    try {
      this.#answered(request, await answer);
    } catch (error) {
      this.#settled(request, error === request.aborted);
      const complaint = this.#whatIsWrong(request, error);
      this.expect(complaint === undefined, () => `${this.#show(request)}: ${complaint}`);
    }
  }

  note(from: string, to: Office): void {
    const order = this.#next(from, to);
    this.notes.push(order);
    to.ref.note(this.notes.length - 1);
  }

  #next(from: string, to: Office): Order {
    const key = `${from} to ${to.name}`;
    const number = (this.#sent.get(key) ?? 0) + 1;
    this.#sent.set(key, number);
    return { from, number };
  }

  /** Messages of one sender come in the order of sending, casts and calls alike. */
  inOrder(office: Office, { from, number }: Order): void {
    // In production nobody knows who sends behind an await, so it is another way to the same place.
    if (isLossy(office)) return;
    const last = office.seen.get(from) ?? 0;
    this.expect(number > last, () => `${office.name} got ${number} of ${from} after ${last}`);
    office.seen.set(from, number);
  }

  /** A clerk takes a request. */
  begin(office: Office, id: number): Request {
    const request = this.requests[id]!;
    request.begun++;
    const { begun, mayBegin } = request;
    this.expect(begun <= mayBegin, () => `${this.#show(request)}: handled ${begun} times`);
    const isHere = office === (request.passedOn ? request.ask.other : request.to);
    this.expect(isHere, () => `${this.#show(request)}: handled by ${office.name}`);
    if (isLossy(request.to)) return request;
    this.expect(!request.settled, () => `${this.#show(request)}: handled after its caller left`);
    return request;
  }

  /** Says that an answer of any sort is given now: it is late where nobody waits any more. */
  give(request: Request): void {
    if (request.settled && !isLossy(request.to)) this.late++;
    request.given = true;
  }

  /** A new life begins: what the former one had taken has been settled. */
  beginLife(office: Office): void {
    office.lives++;
    for (const request of this.#open) {
      const holder = request.passedOn ? request.ask.other : request.to;
      const left = holder === office && request.life > 0 && request.life < office.lives;
      this.expect(
        !left || isLossy(request.to),
        () => `${this.#show(request)}: waits for a life that is over`,
      );
    }
  }

  /** Whoever waits waits for somebody who lives. */
  isAnybodyForgotten(): string | undefined {
    for (const request of this.#open) {
      const holder = request.passedOn ? request.ask.other : request.to;
      if (status(holder.ref) === "stopped" && !isLossy(request.to)) {
        return `${this.#show(request)}: still open, and ${holder.name} has ended`;
      }
    }
    return undefined;
  }

  get openCalls(): number {
    return this.#open.size;
  }

  checkAtEnd(): void {
    this.expect(this.#open.size === 0, () => `${this.#open.size} calls never settled`);
    const { late, lateTold, crashesAfter } = this;
    const isCounted = lateTold >= late && lateTold <= late + crashesAfter;
    this.expect(isCounted, () => `${late} replies came late, ${lateTold} were counted`);
    if (late > 0) this.saw("late");
  }

  #settled(request: Request, aborted = false): void {
    const mayBe = aborted || request.abortedAt === undefined;
    this.expect(mayBe, () => `${this.#show(request)}: aborted, and settled otherwise`);
    request.settled = true;
    this.#open.delete(request);
  }

  #answered(request: Request, answer: number): void {
    this.#settled(request);
    this.saw(`answered ${request.ask.manner}`);
    this.expect(answer === request.id, () => `${this.#show(request)}: got the reply to ${answer}`);
    this.expect(request.given, () => `${this.#show(request)}: answered by nobody`);
  }

  #whatIsWrong(request: Request, error: unknown): string | undefined {
    const { id, ask, begun, given, sentAt, limitMs, to } = request;
    if (error instanceof Error && !(error instanceof Tagged)) this.saw(error.name);
    if (error === request.aborted) {
      this.saw("aborted");
      return request.abortedAt === undefined ? "rejected as aborted, and nobody did" : undefined;
    }
    if (error instanceof TimeoutError) {
      if (this.now < sentAt + limitMs) return `its time was up after ${this.now - sentAt} ms`;
      if (isLossy(to)) return undefined;
      return given ? "timed out, though it was answered" : undefined;
    }
    if (error instanceof Tagged) {
      this.saw("refused");
      return error.id === id && ask.manner === "refused" ? undefined : `rejected as ${error.id}`;
    }
    if (error instanceof ActorFailedError) {
      if (begun === 0 && !(error.cause instanceof InjectedCrash)) return "failed before it began";
      if (error.cause instanceof Tagged) this.saw("fails");
      if (error.cause instanceof Tagged) return error.cause.id === id ? undefined : "not its error";
      return error.cause instanceof InjectedCrash ? undefined : String(error.cause);
    }
    if (error instanceof ActorStoppedError) {
      const hasEnded = [to, ask.other].some(
        (office, i) => status(office.ref) !== "running" || office.lives !== request.lives[i],
      );
      return hasEnded ? undefined : "told of an end, and nobody has ended";
    }
    if (error instanceof MailboxFullError) {
      const isTiny = (request.passedOn ? ask.other : to).name === "tiny";
      return isTiny && error.actor === "tiny" ? undefined : "no mailbox is that small";
    }
    if (error instanceof DeadlockError) return "nobody waits for himself";
    return String(error);
  }

  #show({ id, from, to, ask }: Request): string {
    return `request ${id} (${ask.manner}) of ${from} to ${to.name}`;
  }
}

/** On the way to these, messages may be lost. */
export function isLossy({ name }: Office): boolean {
  return name === "far";
}
