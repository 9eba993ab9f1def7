import { actor, createSystem, exited } from "troupe";

class Hiccup extends Error {}
class OutOfPaper extends Error {}

/** Counts its pages, so that one can see when it has begun anew. */
const Printer = actor({
  name: "printer",
  init: () => ({ pages: 0 }),
  cast: {
    print(ctx, text: string) {
      if (text === "") throw new Hiccup("nothing to print");
      if (text.length > 9) throw new OutOfPaper(text);
      console.log(`page ${++ctx.state.pages}: ${text}`);
    },
  },
});

/** Every actor looks after its children. This one decides by the error, and tells what happens. */
const Office = actor({
  name: "office",
  init: (ctx) => ({
    printer: ctx.spawn(Printer, undefined, {
      name: "printer",
      onFailure: (error) => (error instanceof OutOfPaper ? "stop" : "restart"),
    }),
  }),
  call: { printer: (ctx) => ctx.state.printer },
  onChild(_ctx, event) {
    console.log(`  office: ${event.name} ${event.kind}`);
  },
});

await using system = createSystem({ logger: false });
const office = system.spawn(Office);
const printer = await office.printer();

// A ref outlives restarts, and so does what waits in the mailbox.
for (const text of ["one", "two", "", "three", "", "four", "much too long", "five"]) {
  printer.print(text);
}
const reason = await exited(printer);
console.log(`the printer has ended: ${reason.kind}`);
