import { actor, type ActorDef, type Ref, type Reply } from "troupe";
import { tcpClient, type Connection, type TcpClient, type TcpClientSpec } from "troupe/net";
import type { TestKit } from "troupe/testing";
import { eventually } from "./client.ts";
import type { Peer } from "./peer.ts";

/** One question a line, answered in order. */
export const Session = actor({
  name: "session",
  init(ctx, connection: Connection) {
    const asked: Reply<string>[] = [];
    ctx.source(connection, (chunk) => {
      for (const line of chunk.toString().split("\n").slice(0, -1)) asked.shift()?.resolve(line);
    });
    return { connection, asked };
  },
  cast: {
    say(ctx, text: string) {
      ctx.state.connection.write(`${text}\n`);
    },
    sum(ctx, a: number, b: number, c: number, d: number) {
      ctx.state.connection.write(`${a + b + c + d}\n`);
    },
  },
  call: {
    ask(ctx, text: string) {
      const reply = ctx.defer<string>();
      ctx.state.asked.push(reply);
      ctx.state.connection.write(`${text}\n`);
      return reply;
    },
    boom(): string {
      throw new Error("boom");
    },
  },
  stream: {
    async *twice(_ctx, text: string) {
      yield text;
      yield text;
    },
    async *forever(_ctx) {
      yield 1;
      await new Promise(() => {});
    },
  },
  exit(ctx, { kind }) {
    if (kind === "shutdown") ctx.state?.connection.write("bye\n");
  },
});
export type Protocol = typeof Session extends ActorDef<infer A, never> ? A : never;
export type Client = Ref<Protocol & TcpClient>;

/** So that a test knows when the next attempt is. */
export const FIXED = { kind: "fixed", delay: 1_000 } as const;

export function open(
  kit: TestKit,
  peer: Peer,
  spec: Partial<TcpClientSpec<Protocol>> = {},
): Client {
  return kit.system.spawn(tcpClient({ session: Session, ...spec }), { port: peer.port });
}

export async function reaches(client: Ref<TcpClient>, state: string): Promise<void> {
  await eventually(async () => (await client.clientStatus()).state === state);
}
