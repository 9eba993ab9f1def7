import { servers, type ServerName } from "./servers.ts";

/** What the process says: where it listens, and then, when it is asked, what it has taken in µs. */
export type Said = { readonly port: number } | { readonly cpu: number };

const say = (said: Said): void => void process.send?.(said);

// What the parent passes is the name of one; see server.ts.
const { port } = await servers[process.argv[2] as ServerName]();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  say({ cpu: user + system });
});
// Without a parent there is nobody to serve.
process.on("disconnect", () => process.exit());
say({ port });
