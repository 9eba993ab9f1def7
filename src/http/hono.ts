/** Actors in a Hono app: refs that end with the request, and statuses for what they reject with. */
import type { Context, ErrorHandler, MiddlewareHandler } from "hono";
import type { AnyRef } from "../index.ts";
import { checkLimit } from "../kernel/options.ts";
import { followsFromEnd } from "./afterwards.ts";
import { answerFor, type ErrorMapping } from "./failure.ts";
import { checkRefs, FreeRequest, wheelOf } from "./free-request.ts";
import { RequestLife, type RequestScope } from "./request-scope.ts";

/** Refs by the names that handlers know them by. */
export type Refs = Readonly<Record<string, AnyRef>>;

/** What `actors` adds to the environment of an app. */
export interface ActorsEnv<R extends Refs> {
  Variables: {
    /** The refs, whose calls and streams end with the request. */
    actors: R;
    scope: RequestScope;
  };
}

/** How requests are treated that come by no server of ours. */
export interface ActorsOptions {
  /** Their time in ms. Default 30,000; in an `httpServer`, what that says counts. */
  readonly deadlineMs?: number;
}

/**
 * Hands refs to an app's handlers as `c.var.actors`, each request's own.
 *
 * ```ts
 * const app = new Hono().use(actors({ counter }));
 * app.get("/", async (c) => c.json(await c.var.actors.counter.value()));
 * httpServer({ fetch: app.fetch });
 * ```
 *
 * In an `httpServer`, deadline and signal are the server's; an app with bindings of its own gets them
 * by `fetch: (request, scope) => app.fetch(request, { ...bindings, scope })`. Elsewhere, as with `app.request` in a
 * test, each request has `deadlineMs` and its own signal. Throws `BadInputError` for what is no ref.
 */
export function actors<const R extends Refs>(
  refs: R,
  { deadlineMs = 30_000 }: ActorsOptions = {},
): MiddlewareHandler<ActorsEnv<R>> {
  checkRefs("actors", refs);
  checkLimit("actors: deadlineMs", deadlineMs);
  const entries = Object.entries(refs);
  return async (c, next) => {
    const served = servedScope(c.env);
    const free = served === undefined ? freeRequest(c, deadlineMs, entries[0]?.[1]) : undefined;
    const scope: RequestScope = served ?? free!;
    c.set("scope", scope);
    // By the same names, refs of the same types.
    c.set("actors", Object.fromEntries(entries.map(([name, ref]) => [name, scope.ref(ref)])) as R);
    await next();
    // What still streams has all the time that it wants: whoever runs the app knows no better.
    free?.close();
  };
}

/** The server's scope: as the bindings, or among them. */
function servedScope(env: unknown): RequestScope | undefined {
  if (env instanceof RequestLife) return env;
  const { scope } = Object(env) as { readonly scope?: unknown };
  return scope instanceof RequestLife ? scope : undefined;
}

function freeRequest(
  { req }: Context,
  deadlineMs: number,
  ref: AnyRef | undefined,
): FreeRequest<undefined> {
  const what = `${req.method} ${req.path}`;
  return new FreeRequest(what, wheelOf(ref), undefined, deadlineMs, req.raw.signal);
}

/**
 * Answers what handlers throw with the status that it means: `app.onError(actorErrors())`.
 *
 * Hono keeps errors to itself, so the server's `onError` does not see them. A mapping of one's own
 * comes first, then what a Hono `HTTPException` says, then the defaults of `httpServer`. What is
 * answered with 500 is handed to `log`, unless it comes of the request's end: clients that leave
 * are no failures. Default: the console's error.
 */
export function actorErrors(
  mapping?: ErrorMapping,
  log: (error: unknown, request: string) => void = (error, request) =>
    console.error(`${request} failed:`, error),
): ErrorHandler {
  return (error, c) => {
    const mapped = mapping?.(error);
    if (mapped === undefined && "getResponse" in error) return error.getResponse();
    const { status, headers, body } = answerFor(error, () => mapped);
    const scope = (c.var as Partial<ActorsEnv<Refs>["Variables"]>).scope;
    if (status === 500 && !followsFromEnd(scope, error))
      log(error, `${c.req.method} ${c.req.path}`);
    return new Response(body, { status, headers: headers as Record<string, string> });
  };
}
