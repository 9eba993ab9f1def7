import { expect, test } from "vitest";
import { implement, stop, type ActorDef } from "troupe";
import { createTestSystem } from "troupe/testing";

interface Spinner {
  spin(): void;
}
const Spinner: ActorDef<Spinner> = implement<Spinner>()({
  cast: {
    spin(ctx) {
      ctx.self.spin();
    },
  },
});

test("an actor that never lets time pass is an error of the test, not a hang", async () => {
  const kit = createTestSystem({ development: false });
  const spinner = kit.system.spawn(Spinner);
  spinner.spin();
  await expect(kit.run()).rejects.toThrow(/virtual time stands still at 0 ms/);
  await stop(spinner);
});
