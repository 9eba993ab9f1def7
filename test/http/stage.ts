import { actor, refuse, type Ref, type SpawnOptions } from "troupe";
import {
  httpServer,
  type HttpListenOptions,
  type HttpServer,
  type HttpServerSpec,
} from "troupe/http";
import type { TestKit } from "troupe/testing";

/** Counts; what it does not do at once it does when `go` is cast. */
export const Counter = actor({
  name: "counter",
  init: () => ({ count: 0, log: [] as string[], waiting: [] as (() => void)[] }),
  cast: {
    go(ctx) {
      for (const each of ctx.state.waiting.splice(0)) each();
    },
    note(ctx, line: string) {
      ctx.state.log.push(line);
    },
  },
  call: {
    add: (ctx) => ++ctx.state.count,
    remaining: (ctx) => ctx.request?.remainingMs,
    /** Answers when it is told to go. */
    slow(ctx) {
      const reply = ctx.defer<string>();
      const { log, waiting } = ctx.state;
      ctx.request?.signal.addEventListener("abort", () => log.push("the caller left"));
      waiting.push(() => reply.resolve("slow but sure"));
      return reply;
    },
    waiting: (ctx) => ctx.state.waiting.length,
    log: (ctx) => [...ctx.state.log],
    fail(): number {
      throw new Error("secret: boom");
    },
    refuseIt(): number {
      throw refuse(new RangeError("secret: too much"));
    },
  },
  stream: {
    async *numbers(ctx, last: number) {
      const { log } = ctx.state;
      try {
        for (let n = 1; n <= last; n++) yield n;
      } finally {
        log.push("left");
      }
    },
    async *breaks() {
      yield "one";
      await Promise.resolve();
      throw refuse(new Error("secret: broken"));
    },
  },
});

export interface Stage {
  readonly server: Ref<HttpServer>;
  readonly port: number;
}

/** Starts a server; all that it lacks is its handler. */
export async function serve<S>(
  kit: TestKit,
  spec: HttpServerSpec<S, object>,
  options: SpawnOptions = {},
  listen: HttpListenOptions = { port: 0 },
): Promise<Stage> {
  const server = kit.system.spawn(httpServer(spec), listen, options);
  const { port } = await server.address();
  return { server, port };
}
