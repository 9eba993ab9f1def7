import { askFor } from "../http/client.ts";
import { Server } from "../http/server.ts";
import type { ServerName } from "../http/servers.ts";
import type { Measurement, Workload } from "../workload.ts";

const CONNECTIONS = 50;
const WARM_UP_MS = 1_500;
/** Many and short: on a shared machine more of them say more than longer ones. */
const ROUNDS = Number(process.env["HTTP_ROUNDS"] ?? 15);
const ROUND_MS = 400;

/** One server's figures, a round each. */
interface Figures {
  readonly perSecond: number[];
  readonly cpuNs: number[];
}

async function turn(server: Server, { perSecond, cpuNs }: Figures): Promise<void> {
  const before = await server.cpuNs();
  const { answers, tookMs } = await askFor(server.port, CONNECTIONS, ROUND_MS);
  const after = await server.cpuNs();
  perSecond.push((answers / tookMs) * 1_000);
  cpuNs.push((after - before) / answers);
}

/** Both servers in turns: what slows the machine down slows both. */
async function race(label: string, ours: ServerName, theirs: ServerName): Promise<Measurement[]> {
  await using our = await Server.start(ours);
  await using their = await Server.start(theirs);
  const [ourFigures, theirFigures]: [Figures, Figures] = [
    { perSecond: [], cpuNs: [] },
    { perSecond: [], cpuNs: [] },
  ];
  for (const { port } of [our, their]) await askFor(port, CONNECTIONS, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) await turn(our, ourFigures);
    await turn(their, theirFigures);
    if (round % 2 === 1) await turn(our, ourFigures);
  }
  return [
    {
      label,
      unit: "per s",
      values: ourFigures.perSecond,
      beside: [{ who: theirs, values: theirFigures.perSecond }],
    },
    {
      label: `${label}, CPU of a request`,
      unit: "ns",
      values: ourFigures.cpuNs,
      beside: [{ who: theirs, values: theirFigures.cpuNs }],
    },
  ];
}

export const http: Workload = {
  name: "http",
  what: "a request of 50 clients, and one call to an actor; beside it the same without actors",
  measure: async () => [
    ...(await race("http", "troupe", "node:http")),
    ...(await race("http, fetch", "troupe, fetch", "@hono/node-server")),
  ],
};
