import { createSystem, type RefOf } from "troupe";
import { threads } from "troupe/threads";
import { HEIGHT, MOST_STEPS, Painter, WIDTH } from "./actors.ts";

await using system = createSystem();
// One thread for each core but this one's. Each loads the file, and finds in it what it is to run.
const pool = threads({ module: new URL("actors.js", import.meta.url) });
const painters = Array.from({ length: 4 }, () => system.spawn(Painter, undefined, { on: pool }));

/** Bands that nobody has begun yet: who is done takes the next, so that nobody waits for the slowest. */
const tops = Array.from({ length: HEIGHT / 2 }, (_, band) => band * 2);
const picture = new Uint16Array(WIDTH * HEIGHT);

async function work(painter: RefOf<typeof Painter>): Promise<void> {
  for (let top = tops.shift(); top !== undefined; top = tops.shift()) {
    picture.set(await painter.paint(top, top + 2), top * WIDTH);
  }
}

await Promise.all(painters.map(work));

const SHADES = " .:-=+*%";
for (let row = 0; row < HEIGHT; row++) {
  const steps = [...picture.subarray(row * WIDTH, (row + 1) * WIDTH)];
  console.log(steps.map(shade).join("").trimEnd());
}

/** The longer a point stays, the darker it is. */
function shade(steps: number): string | undefined {
  if (steps === MOST_STEPS) return "@";
  return SHADES[Math.min(Math.floor(Math.log2(steps + 1)), SHADES.length - 1)];
}
