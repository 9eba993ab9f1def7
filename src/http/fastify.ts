/** Actors behind Fastify: a supervised server for an app, and a scope for each of its requests. */
import type { FastifyError, FastifyInstance, FastifyPluginAsync, FastifyReply } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import { KilledError, TroupeError, type ActorDef, type InitContext } from "../index.ts";
import { checkFunction, checkLimit } from "../kernel/options.ts";
import { followsFromEnd } from "./afterwards.ts";
import { answerFor, type ErrorMapping } from "./failure.ts";
import { FreeRequest, wheelOf } from "./free-request.ts";
import { requestOf, type HttpRequest } from "./http-request.ts";
import type { HttpListenOptions } from "./listen.ts";
import type { RequestScope } from "./request-scope.ts";
import { httpServer, type HttpServer, type HttpServerSettings } from "./server.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The request's time and signal, and actors under them: `request.scope.ref(counter)`. */
    scope: RequestScope;
  }
}

/** How the plugin treats requests. */
export interface ActorsPluginOptions {
  /** Time of a request that comes by no server of ours, as `app.inject` has it, in ms. Default 30,000. */
  readonly deadlineMs?: number;
  /** What to answer for what an actor refuses with; undefined leaves it to the defaults. */
  readonly onError?: ErrorMapping;
}

/**
 * A plugin that gives each request of an app its scope, and errors of actors their status.
 *
 * ```ts
 * app.register(actors);
 * app.get("/", (request) => request.scope.ref(counter).value());
 * ```
 *
 * It sets the app's error handler: what it has no answer for is Fastify's, as it was.
 */
export const actors: FastifyPluginAsync<ActorsPluginOptions> = Object.assign(
  async (app: FastifyInstance, options: ActorsPluginOptions): Promise<void> => {
    const { deadlineMs = 30_000, onError } = options;
    checkLimit("actors: deadlineMs", deadlineMs);
    // Fastify asks for a value up front, so that requests are of one shape; each gets its own.
    app.decorateRequest("scope", null as unknown as RequestScope);
    app.addHook("onRequest", (request, reply, done) => {
      request.scope = requestOf(request.raw) ?? freeRequest(request.raw, reply, deadlineMs);
      done();
    });
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      const mapped = onError?.(error);
      const isExpected = followsFromEnd(request.scope, error);
      // Fastify logs what it answers for, and a client that left is no failure.
      const isFastifys = !(error instanceof TroupeError) && !isExpected;
      if (mapped === undefined && isFastifys) return reply.send(error);
      const { status, headers, body } = answerFor(error, () => mapped);
      if (status === 500 && !isExpected) request.log.error(error);
      return reply.code(status).headers(headers).send(body);
    });
  },
  // Fastify's mark of a plugin that is for the app which registers it, and not for a part of it.
  { [Symbol.for("skip-override")]: true },
);

function freeRequest(
  { method, url }: IncomingMessage,
  { raw }: FastifyReply,
  deadlineMs: number,
): FreeRequest<undefined> {
  const what = `${method} ${url}`;
  const request = new FreeRequest(what, wheelOf(undefined), undefined, deadlineMs);
  raw.on("close", () => {
    if (raw.writableFinished) request.close();
    else request.abort(new DOMException(`${what}: the client left`, "AbortError"));
  });
  return request;
}

/** As much of an app as a server needs: a Fastify instance, whatever its types are. */
export interface FastifyApp {
  ready(): PromiseLike<unknown>;
  routing(request: IncomingMessage, response: ServerResponse): void;
  close(): PromiseLike<unknown>;
}

/** What `fastifyServer` is made from. */
export interface FastifyServerSpec<P> extends Omit<
  HttpServerSettings<FastifyApp, P>,
  "init" | "exit" | "onError"
> {
  /** Makes the app, anew for each life of the server: an app that was closed does not open again. */
  readonly app: (
    ctx: InitContext<P & HttpListenOptions>,
    props: P & HttpListenOptions,
  ) => FastifyApp | Promise<FastifyApp>;
}

/**
 * Defines a server for a Fastify app: an `httpServer` in every respect.
 *
 * The app is ready when it listens, and closed when the last request is done, which has
 * `shutdownMs`; after a kill it is closed at once. Sockets are the server's, so the app is never to `listen`, and plugins that wait
 * for upgrades of its own server hear of none.
 */
export function fastifyServer<P extends object = object>(
  spec: FastifyServerSpec<P>,
): ActorDef<HttpServer, P & HttpListenOptions> {
  const { app: makeApp, ...settings } = spec;
  checkFunction("fastifyServer: app", makeApp);
  return httpServer<FastifyApp, P>({
    name: "fastify-server",
    ...settings,
    async init(ctx, props) {
      const app = await makeApp(ctx, props);
      await app.ready();
      ctx.signal.addEventListener("abort", () => {
        if (ctx.signal.reason instanceof KilledError) void closed(app);
      });
      return app;
    },
    exit: async (app) => void (await app.close()),
    listener(incoming, outgoing, scope) {
      (scope as HttpRequest<FastifyApp>).remember();
      scope.state.routing(incoming, outgoing);
    },
  });
}

/** Closes what nobody waits for. */
async function closed(app: FastifyApp): Promise<void> {
  try {
    await app.close();
  } catch {
    // It was killed: there is nobody to tell.
  }
}
