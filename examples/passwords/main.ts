import { once } from "node:events";
import { createServer } from "node:http";
import { createSystem } from "troupe";
import { threads } from "troupe/threads";
import { Hasher } from "./actors.ts";

const HELLOS = 100;

/** Serves logins without a break, and hellos beside them; answers how long each hello took, in ms. */
async function serve(size: number): Promise<number[]> {
  await using system = createSystem({ development: false });
  // This is all the difference: with size 0, actors run where they are spawned.
  const pool = threads({ size, module: new URL("actors.js", import.meta.url) });
  const hasher = system.spawn(Hasher, undefined, { on: pool });

  const server = createServer(({ url }, response) => {
    if (url !== "/login") return void response.end("hello");
    hasher.hash("correct horse battery staple").then(
      (hash) => response.end(hash),
      () => response.writeHead(500).end(),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

  const tookMs: number[] = [];
  async function logIn(): Promise<void> {
    while (tookMs.length < HELLOS) await ask("/login");
  }
  async function sayHello(): Promise<void> {
    while (tookMs.length < HELLOS) {
      const start = performance.now();
      await ask("/hello");
      tookMs.push(performance.now() - start);
    }
  }
  await ask("/login");
  await Promise.all([logIn(), sayHello()]);
  server.close();
  return tookMs;
}

console.log("hellos, while somebody logs in:");
for (const [title, size] of [
  ["without a thread", 0],
  ["with one", 1],
] as const) {
  const tookMs = (await serve(size)).toSorted((a, b) => a - b);
  const [half, most] = [0.5, 0.99].map((part) => tookMs[HELLOS * part - 1]?.toFixed(1));
  console.log(`  ${title}: half of them within ${half} ms, 99 of 100 within ${most} ms`);
}
