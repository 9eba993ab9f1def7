import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  ActorFailedError,
  ActorStoppedError,
  MailboxFullError,
  nameOf,
  TroupeError,
  type InitContext,
} from "../index.ts";
import { Alarm } from "../kernel/alarm.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { isThenable } from "../kernel/verb.ts";
import { followsFromEnd } from "./afterwards.ts";
import { announcedBytes, countBody } from "./body-limit.ts";
import { Connections } from "./connections.ts";
import { answerFor, tooLong, tooMany, type ErrorAnswer, type ErrorMapping } from "./failure.ts";
import { HttpRequest, type Desk, type Serve } from "./http-request.ts";
import type { HttpLimits } from "./limits.ts";
import { isMalformed, refuseMalformed } from "./malformed.ts";
import { noCounts, type HttpStats } from "./stats.ts";
import { UnderWay } from "./under-way.ts";

/** Time for an answer to go when the request's own is up. */
const LAST_WORDS_MS = 5_000;

/** How requests are taken. */
export interface ReceptionSettings<S> {
  readonly limits: Required<HttpLimits>;
  readonly deadlineMs: number | ((request: IncomingMessage) => number);
  readonly serve: Serve<S>;
  readonly state: S;
  readonly onError: ErrorMapping | undefined;
}

/** Takes requests, gives each its scope, and sees to those that their handlers leave alone. */
export class Reception<S> implements Desk<S> {
  /** Resolves when the last connection is gone. */
  readonly gone: Promise<void>;
  readonly #ctx: InitContext;
  readonly #kernel: Kernel;
  readonly #server: Server;
  readonly #settings: ReceptionSettings<S>;
  readonly #underWay = new UnderWay<HttpRequest<S>>();
  readonly #counts = noCounts();
  readonly #connections: Connections;
  readonly #label: string;
  /** Of those under way, how many wait behind another on their connection. */
  #behind = 0;
  #isEnding = false;
  #onIdle: () => void = () => {};

  constructor(ctx: InitContext, kernel: Kernel, server: Server, settings: ReceptionSettings<S>) {
    this.#ctx = ctx;
    this.#kernel = kernel;
    this.#server = server;
    this.#settings = settings;
    this.#label = nameOf(ctx.self);
    this.gone = new Promise((resolve) => server.once("close", resolve));
    server.on("request", (request, response) => this.#receive(request, response));
    server.on("checkContinue", (request, response) => this.#receive(request, response, true));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#refuse(error, socket));
    server.on("tlsClientError", () => void this.#counts.malformed++);
    server.on("drop", () => void this.#counts.dropped++);
    this.#connections = new Connections(server, (socket) => this.#closeBehind(socket));
    server.on("error", (error) => {
      // That it could not listen is told to who starts it.
      if (!server.listening) return;
      ctx.log.warn("could not accept a connection", { error: error.message });
    });
  }

  stats(): HttpStats {
    return { connections: this.#connections.size, underWay: this.#underWay.size, ...this.#counts };
  }

  /** Nothing more is accepted: those that wait are let go, and what is under way is the last. */
  end(): void {
    this.#isEnding = true;
    this.#server.close();
    for (const request of this.#underWay.list()) request.end();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    if (this.#underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** Breaks off whatever is left. */
  cut(): void {
    const reason = { kind: "shutdown" } as const;
    for (const request of this.#underWay.list()) {
      this.#counts.cut++;
      request.cut(new ActorStoppedError(this.#label, request.describe(), reason));
    }
    this.#connections.cut();
  }

  #receive(incoming: IncomingMessage, outgoing: ServerResponse, waits = false): void {
    const { limits, deadlineMs, state, serve } = this.#settings;
    const request = new HttpRequest(this, this.#kernel.wheel, state, incoming, outgoing);
    this.#underWay.add(request);
    if (request.isBehind) this.#behind++;
    if (this.#isEnding) request.end();
    const bytes = announcedBytes(incoming);
    request.hasBody = bytes > 0;
    if (this.#underWay.size > limits.requests) return this.#turnAway(request, 503);
    if (bytes > limits.bodyBytes) {
      if (bytes !== Infinity) return this.#turnAway(request, 413);
      countBody(incoming, limits.bodyBytes, () => this.#turnAway(request, 413));
    }
    try {
      request.limit(typeof deadlineMs === "number" ? deadlineMs : deadlineMs(incoming));
      if (waits) outgoing.writeContinue();
      const pending = serve(incoming, outgoing, request);
      if (isThenable(pending)) pending.then(undefined, (error) => this.failed(request, error));
    } catch (error) {
      this.failed(request, error);
    }
  }

  /** Refuses by a limit; the handler, where it runs already, sees its request end. */
  #turnAway(request: HttpRequest<S>, status: 413 | 503): void {
    const { limits } = this.#settings;
    const error =
      status === 413
        ? tooLong(request.describe(), limits.bodyBytes)
        : tooMany(request.describe(), limits.requests);
    this.#counts.refused++;
    request.abort(error);
    this.#answerInstead(request, error);
  }

  failed(request: HttpRequest<S>, error: unknown): void {
    const answer = request.outgoing.headersSent ? undefined : this.#answerFor(request, error);
    // What ended it was counted then.
    if (!followsFromEnd(request, error)) this.#report(request, error, answer?.status);
    this.#answerInstead(request, error, answer);
  }

  timeIsUp(request: HttpRequest<S>, isUntaken: boolean): void {
    this.#counts.timedOut++;
    this.#ctx.log.warn(`${request.describe()}: its time was up`);
    const { wheel, world } = this.#kernel;
    const cut = (): void => request.cut(request.reason);
    if (isUntaken) return cut();
    // Its handler hears of it first, and may still answer by itself.
    world.yieldToHost(() => {
      this.#answerInstead(request, request.reason);
      if (!request.outgoing.destroyed) wheel.set(new Alarm(cut), LAST_WORDS_MS);
    });
  }

  closed(request: HttpRequest<S>): void {
    this.#underWay.delete(request);
    if (request.isBehind) this.#behind--;
    if (request.isSent) this.#counts.answered++;
    else if (!request.isOver) {
      this.#counts.abandoned++;
      const why = `${request.describe()}: the client left before it had its answer`;
      request.abort(new DOMException(why, "AbortError"));
    }
    if (this.#isEnding) this.#letGo(request.incoming.socket);
  }

  /** Node does not tell the response to a request that waits behind another of the end. */
  #closeBehind(socket: Socket): void {
    if (this.#behind === 0) return;
    for (const request of this.#underWay.list()) {
      if (request.incoming.socket === socket) request.closed();
    }
  }

  /** A connection that was asked for no more than what it had is not kept for another. */
  #letGo(socket: Socket): void {
    for (const { incoming } of this.#underWay.list()) if (incoming.socket === socket) return;
    socket.destroySoon();
    if (this.#underWay.size === 0) this.#onIdle();
  }

  /** Sees to it that there is an answer; one that has been begun and is not whole is broken off. */
  #answerInstead(request: HttpRequest<S>, error: unknown, answer?: Required<ErrorAnswer>): void {
    const { outgoing } = request;
    if (outgoing.destroyed || outgoing.writableEnded) return;
    if (outgoing.headersSent) return request.cut(error);
    try {
      request.answer(answer ?? this.#answerFor(request, error));
    } catch (thrown) {
      // A status that is none, or a header with a line break.
      this.#ctx.log.error(`${request.describe()}: what onError gave cannot be sent`, {
        error: thrown,
      });
      request.cut(error);
    }
  }

  #answerFor(request: HttpRequest<S>, error: unknown): Required<ErrorAnswer> {
    try {
      return answerFor(error, this.#settings.onError);
    } catch (thrown) {
      this.#ctx.log.error(`${request.describe()}: onError threw`, { error: thrown });
      return answerFor(error, undefined);
    }
  }

  /** Without a status, the answer had been begun. */
  #report(request: HttpRequest<S>, error: unknown, status: number | undefined): void {
    if (status !== undefined && status < 500) return;
    this.#counts.failed++;
    const how = howItEnded(request, status);
    // An actor's failure has been logged as such, and who is overloaded has no time to read.
    if (error instanceof ActorFailedError || error instanceof MailboxFullError) return;
    const level = error instanceof TroupeError ? "warn" : "error";
    this.#ctx.log[level](`${request.describe()} failed, ${how}`, { error });
  }

  #refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    // A connection that broke comes this way too.
    if (isMalformed(error)) this.#counts.malformed++;
    refuseMalformed(error, socket);
  }
}

function howItEnded<S>({ outgoing, isOver }: HttpRequest<S>, status: number | undefined): string {
  if (outgoing.destroyed && isOver) return "when nobody waited for its answer any more";
  return status === undefined ? "with its answer begun" : `answered with ${status}`;
}
