import type * as Adapter from "@hono/node-server";
import { BadInputError } from "../index.ts";
import type { HttpRequest, Serve } from "./http-request.ts";
import type { RequestScope } from "./request-scope.ts";
import { sendResponse } from "./send-response.ts";

/** Answers a request with a response, as `fetch` is asked and answers: a Hono app's `fetch` is one. */
export type FetchHandler<S = unknown> = (
  request: Request,
  scope: RequestScope<S>,
) => Response | Promise<Response>;

/** Tells the adapter that the answer is not its business: we send it, and see to its failures. */
const SENT = new Error("the answer has been sent");

/** Serves by a fetch-style handler, through the adapter that Hono has for it. */
export async function serveFetch<S>(fetch: FetchHandler<S>): Promise<Serve<S>> {
  const { getRequestListener } = await loadAdapter();
  const requests = new WeakMap<object, HttpRequest<S>>();
  const listener = getRequestListener(
    async (asked, { incoming }) => {
      const request = requests.get(incoming)!;
      try {
        await sendResponse(request, await fetch(asked, request));
      } catch (error) {
        request.fail(error);
      }
      // Its sign of a response that it need not send is one whose headers it reads, for 10 µs.
      throw SENT;
    },
    {
      // All else that it meets is a request that cannot be one, as by its host.
      errorHandler: (error) => (error === SENT ? undefined : new Response(null, { status: 400 })),
      // What the process has for a global is not a server's to change.
      overrideGlobalObjects: false,
    },
  );
  return (incoming, outgoing, request) => {
    requests.set(incoming, request);
    return listener(incoming, outgoing);
  };
}

async function loadAdapter(): Promise<typeof Adapter> {
  try {
    return await import("@hono/node-server");
  } catch (error) {
    throw new BadInputError(
      "httpServer: a `fetch` handler needs the package @hono/node-server; npm install @hono/node-server, or write a `listener`",
      { cause: error },
    );
  }
}
