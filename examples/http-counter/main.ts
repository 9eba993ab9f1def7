/*
 * A counter behind HTTP: to read, to add to, to be told of. Each request has its time, which the
 * counter sees; and when the server ends, what is under way is answered first.
 */
import { actor, createSystem, port, refuse, stop } from "troupe";
import { httpServer, sendEvents } from "troupe/http";

class NoNumber extends Error {}

const Counter = actor({
  name: "counter",
  init: () => ({ count: 0, changes: port<number>() }),
  call: {
    value: (ctx) => ctx.state.count,
    add(ctx, by: number) {
      if (!Number.isSafeInteger(by)) throw refuse(new NoNumber());
      ctx.state.count += by;
      ctx.state.changes.emit(ctx.state.count);
      return ctx.state.count;
    },
    /** Answers later, and counts on meanwhile. */
    slowly(ctx, ms: number) {
      const reply = ctx.defer<number>();
      ctx.timers.after(ms, () => reply.resolve(ctx.state.count));
      return reply;
    },
  },
  stream: { changes: (ctx) => ctx.state.changes },
});

const Api = httpServer({
  name: "api",
  // The server's own: it ends behind the last request.
  init: (ctx) => ctx.spawn(Counter),
  deadlineMs: 1_000,
  onError: (error) => (error instanceof NoNumber ? 400 : undefined),
  async listener({ method, url = "/" }, response, scope) {
    // Not `new URL(url, base)`: that throws for what any client can send, such as "//".
    const [path, query] = url.split("?", 2);
    const asked = new URLSearchParams(query);
    const counter = scope.ref(scope.state);
    switch (`${method} ${path}`) {
      case "GET /count":
        return response.end(`${await counter.value()}`);
      case "POST /count":
        return response.end(`${await counter.add(Number(asked.get("by") ?? 1))}`);
      case "GET /slowly":
        return response.end(`${await counter.slowly(Number(asked.get("ms")))}`);
      case "GET /changes":
        return sendEvents(scope, counter.changes());
      default:
        return response.writeHead(404).end("there is no such thing");
    }
  },
});

// Who asks for too much time is told of in the log; here it is meant.
await using system = createSystem({ logger: false });
const server = system.spawn(Api, { port: 0 });
const { url } = await server.address();

async function show(method: string, path: string): Promise<void> {
  const answer = await fetch(url + path, { method });
  const { status, headers } = answer;
  const last = headers.get("connection") === "close" ? ", the last on its connection" : "";
  console.log(`${method} ${path}: ${status} ${(await answer.text()).trim()}${last}`);
}

/** Reads so many events, then leaves. */
async function hear(count: number, changes: Response): Promise<void> {
  let text = "";
  for await (const bytes of changes.body!.pipeThrough(new TextDecoderStream())) {
    text += bytes;
    if (text.split("\n\n").length > count) break;
  }
  console.log(`heard ${text.replaceAll(/data: |\s+$/g, "").replaceAll(/\n+/g, ", ")}`);
}

await show("GET", "/count");
const heard = hear(2, await fetch(`${url}/changes`));
await show("POST", "/count");
await show("POST", "/count?by=41");
await heard;
await show("POST", "/count?by=much");
await show("GET", "/nowhere");
await show("GET", "/slowly?ms=30000");

const last = show("GET", "/slowly?ms=200");
while ((await server.stats()).underWay === 0)
  await new Promise((resolve) => setTimeout(resolve, 5));
await stop(server);
await last;
await fetch(url).catch(() => console.log("nobody listens any more"));
