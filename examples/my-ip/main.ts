/*
 * A server that tells everybody who asks what their address is: over TCP an actor for each connection,
 * which ends when it has answered; over UDP one actor for all.
 */
import { once } from "node:events";
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { actor, createSystem } from "troupe";
import { tcpServer, udp, type Connection } from "troupe/net";

const Answer = actor({
  name: "answer",
  init(ctx, connection: Connection) {
    connection.write(`${connection.remote.address}\n`);
    ctx.stop();
  },
});

const UdpAnswer = actor({
  name: "udp-answer",
  init: async (ctx) => {
    const socket = await udp(ctx);
    ctx.source(socket, ({ from }) => void socket.send(`${from.address}\n`, from));
    return socket;
  },
  call: { address: (ctx) => ctx.state.local },
});

/** Like `nc host port`. */
async function askByTcp(host: string, port: number): Promise<string> {
  let answer = "";
  for await (const text of createConnection({ host, port }).setEncoding("utf8")) answer += text;
  return answer.trim();
}

/** Like `nc -u host port`. */
async function askByUdp(port: number): Promise<string> {
  const socket = createSocket("udp4");
  socket.send("?", port, "127.0.0.1");
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer.toString().trim();
}

await using system = createSystem();
const MyIp = tcpServer({ connection: Answer, limits: { connections: 1_000, closeMs: 1_000 } });
const server = system.spawn(MyIp, { port: 0 });
const { port } = await server.address();
const udpPort = (await system.spawn(UdpAnswer).address()).port;

const answers = await Promise.all(Array.from({ length: 3 }, () => askByTcp("127.0.0.1", port)));
console.log(`over TCP you are ${answers.join(", ")}`);
console.log(`by name you are ${await askByTcp("localhost", port)}`);
console.log(`over UDP you are ${await askByUdp(udpPort)}`);
console.log(`${(await server.stats()).accepted} connections`);
