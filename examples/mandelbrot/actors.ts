import { actor } from "troupe";
import { register, transfer } from "troupe/threads";

export const WIDTH = 76;
export const HEIGHT = 28;
/** Points that have not left after so many steps never will, as far as can be seen. */
export const MOST_STEPS = 1_000;

/** Paints bands of the picture. It does nothing but compute, and holds its thread while it does. */
export const Painter = actor({
  name: "painter",
  call: {
    /** For each point of the rows from `top` to `bottom`: in how many steps it leaves. */
    paint(_ctx, top: number, bottom: number) {
      const steps = new Uint16Array((bottom - top) * WIDTH);
      for (let at = 0; at < steps.length; at++) {
        const [x, y] = [at % WIDTH, top + Math.floor(at / WIDTH)];
        steps[at] = stepsFrom((x / WIDTH) * 3 - 2.2, (y / (HEIGHT - 1)) * 2.4 - 1.2);
      }
      // Moved to whoever asked, and not copied: here it is of no use any more.
      return transfer(steps);
    },
  },
});

function stepsFrom(cx: number, cy: number): number {
  let [x, y, step] = [0, 0, 0];
  for (; step < MOST_STEPS && x * x + y * y < 4; step++) {
    [x, y] = [x * x - y * y + cx, 2 * x * y + cy];
  }
  return step;
}

// Under these names the threads know them; whoever imports this file knows them, too.
register({ Painter });
