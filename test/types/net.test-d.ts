import { expectTypeOf, test } from "vitest";
import { actor, createSystem, implement, type ActorDef, type Ref } from "troupe";
import {
  tcpClient,
  tcpServer,
  type ClientStatus,
  type Connection,
  type TcpClient,
  type TcpServer,
} from "troupe/net";

const system = createSystem();

const Session = actor({
  init: (_ctx, connection: Connection) => connection,
  cast: { say: (_ctx, _text: string) => {} },
  call: { ask: (_ctx, text: string, times: number) => text.repeat(times) },
  stream: {
    async *lines(_ctx): AsyncGenerator<string> {
      yield "";
    },
  },
});

test("a client has the verbs of its session, and three of its own", () => {
  const client = system.spawn(tcpClient({ session: Session }), { port: 1 });
  expectTypeOf(client.say).toEqualTypeOf<(text: string) => void>();
  expectTypeOf(client.ask).toEqualTypeOf<(text: string, times: number) => Promise<string>>();
  expectTypeOf(client.lines).toEqualTypeOf<() => AsyncIterable<string>>();
  expectTypeOf(client.clientStatus).toEqualTypeOf<() => Promise<ClientStatus>>();
  expectTypeOf(client.clientChanges).toEqualTypeOf<() => AsyncIterable<ClientStatus>>();
  expectTypeOf(client.reconnect).toEqualTypeOf<() => void>();
});

test("a contract names a client's type", () => {
  interface Lines {
    ask(text: string): Promise<string>;
  }
  const Lines: ActorDef<Lines, Connection> = implement<Lines>()({
    init: (_ctx, connection: Connection) => connection,
    call: { ask: (_ctx, text) => text },
  });
  const client: Ref<Lines & TcpClient> = system.spawn(tcpClient({ session: Lines }), {
    path: "/x",
  });
  expectTypeOf(client.ask).toEqualTypeOf<(text: string) => Promise<string>>();
});

test("the session of a health check has its verbs", () => {
  tcpClient({
    session: Session,
    health: { everyMs: 1, check: (session) => session.ask("ping", 1) },
  });
});

test("a session must take a connection", () => {
  const Other = actor({ init: (_ctx, count: number) => count });
  // @ts-expect-error its props are a number
  tcpClient({ session: Other });
});

test("a server listens on a port or on a path, and encrypts ports only", () => {
  const Server = tcpServer({ connection: Session });
  const tls = { key: "", cert: "" };
  expectTypeOf(system.spawn(Server, { port: 0, tls })).toExtend<Ref<TcpServer>>();
  system.spawn(Server, { port: 0, tls: () => Promise.resolve(tls) });
  system.spawn(Server, { path: "/x", mode: 0o600 });
  // @ts-expect-error either
  system.spawn(Server, { path: "/x", port: 0 });
  // @ts-expect-error what goes to a path stays on the machine
  system.spawn(Server, { path: "/x", tls });
});
