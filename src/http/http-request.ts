import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import { BadInputError } from "../index.ts";
import type { Wheel } from "../kernel/wheel.ts";
import type { ErrorAnswer } from "./failure.ts";
import { RequestLife } from "./request-scope.ts";
import type { Link } from "./under-way.ts";

/** Whoever keeps the book of requests, and decides what is answered where a handler did not. */
export interface Desk<S> {
  failed(request: HttpRequest<S>, error: unknown): void;
  /** `isUntaken`: it was answered, and the client has not taken all of the answer yet. */
  timeIsUp(request: HttpRequest<S>, isUntaken: boolean): void;
  /** Its answer is on its way, or there is nobody to send one to. */
  closed(request: HttpRequest<S>): void;
}

/** What answers requests. */
export type Serve<S> = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  request: HttpRequest<S>,
) => unknown;

/** By Node's request, for those that are handed only that. */
const requests = new WeakMap<IncomingMessage, HttpRequest<unknown>>();

/** A request that came through a server of ours. */
export class HttpRequest<S> extends RequestLife<S> implements Link<HttpRequest<S>> {
  before: HttpRequest<S> | null = null;
  after: HttpRequest<S> | null = null;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Something comes behind the head. */
  hasBody = false;
  /** It came before the answer to the one before it was sent. */
  readonly isBehind: boolean;
  readonly #desk: Desk<S>;
  #isClosed = false;
  /** What it still writes is of no interest: it has failed already, or was answered for. */
  #isMuted = false;

  constructor(
    desk: Desk<S>,
    wheel: Wheel,
    state: S,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) {
    super(wheel, state);
    this.#desk = desk;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.isBehind = outgoing.socket === null;
    outgoing.on("close", () => this.closed());
    // Node tells of what is written behind the end as an event; unheard, it would end the process.
    outgoing.on("error", (error) => this.#misused(error));
  }

  #misused(error: Error): void {
    if (this.#isMuted) return;
    this.#isMuted = true;
    this.#desk.failed(this, error);
  }

  /** Makes it known to `requestOf`, at the price of an entry in a map. */
  remember(): void {
    requests.set(this.incoming, this);
  }

  describe(): string {
    return `${this.incoming.method} ${this.incoming.url}`;
  }

  fail(error: unknown): void {
    this.#desk.failed(this, error);
  }

  override expire(): void {
    const isUntaken = this.outgoing.writableEnded;
    super.expire();
    this.#desk.timeIsUp(this, isUntaken);
  }

  /** Answers in the place of the handler, whatever it has made ready; what it still writes is lost. */
  answer({ status, headers, body }: Required<ErrorAnswer>): void {
    const { outgoing } = this;
    if (status < 200) {
      throw new BadInputError(`an answer with status ${status}; it must be 200 or more`);
    }
    const isBare = status === 204 || status === 304;
    this.#isMuted = true;
    // What nobody has read of a body stands in the way of the next request.
    if (this.isIncomplete) outgoing.shouldKeepAlive = false;
    for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
    outgoing.writeHead(status, STATUS_CODES[status] ?? "", {
      ...headers,
      // RFC 9110, 8.6: a client would wait for it.
      ...(isBare ? {} : { "content-length": Buffer.byteLength(body) }),
    });
    outgoing.end(isBare ? undefined : body);
  }

  /** Nothing else is to come on its connection. */
  override end(): void {
    this.outgoing.shouldKeepAlive = false;
    super.end();
  }

  /** Breaks the connection off: the client must not take what it has for all there is. */
  cut(reason: unknown): void {
    this.abort(reason);
    this.outgoing.destroy();
  }

  /**
   * All of the answer is on its way, where it is over.
   *
   * Node has it finished as well when what was left of it was lost with its socket.
   */
  get isSent(): boolean {
    return this.outgoing.writableFinished && !this.incoming.socket.destroyed;
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.close();
    this.#desk.closed(this);
    // Whoever reads the body would wait for ever for the rest of it.
    if (this.isOver && this.isIncomplete) this.incoming.destroy(asError(this.reason));
  }

  /** Some of its body has not come. */
  get isIncomplete(): boolean {
    return this.hasBody && !this.incoming.complete;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("the request has ended", { cause: reason });
}

/** The request of ours that Node's belongs to. */
export function requestOf(incoming: IncomingMessage): HttpRequest<unknown> | undefined {
  return requests.get(incoming);
}
