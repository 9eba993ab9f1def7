import { expectTypeOf, test } from "vitest";
import {
  actor,
  attempt,
  callAll,
  createSystem,
  group,
  monitor,
  narrow,
  recipient,
  started,
  stop,
  topic,
  withOptions,
  type Attempt,
  type ExitReason,
  type GroupRef,
  type Ref,
  type RefOf,
} from "troupe";

const system = createSystem();
const Counter = actor({
  init: () => ({ n: 0 }),
  cast: { add: (ctx, by: number) => void (ctx.state.n += by) },
  call: { value: (ctx) => ctx.state.n },
  stream: {
    async *ticks(): AsyncGenerator<number> {
      yield 1;
    },
  },
});
const counter = system.spawn(Counter);
type CounterRef = typeof counter;

test("withOptions keeps the protocol", () => {
  expectTypeOf(withOptions(counter, { timeout: 10 }).add).toEqualTypeOf<(by: number) => void>();
  expectTypeOf(withOptions(counter, { timeout: 10 }).value).toEqualTypeOf<CounterRef["value"]>();
  // @ts-expect-error -- a number of ms
  withOptions(counter, { timeout: "10" });
  // @ts-expect-error -- there is no such way
  withOptions(counter, { whenFull: "drop" });
});

test("a view that waits has casts that are promises", () => {
  const waiting = withOptions(counter, { whenFull: "wait" });
  expectTypeOf(waiting.add).toEqualTypeOf<(by: number) => Promise<void>>();
  expectTypeOf(waiting.value).toEqualTypeOf<() => Promise<number>>();
  expectTypeOf(waiting.ticks).toEqualTypeOf<() => AsyncIterable<number>>();
});

test("attempt has the casts alone, and tells what became of them", () => {
  const tried = attempt(counter);
  expectTypeOf(tried.add(1)).toEqualTypeOf<Attempt>();
  expectTypeOf<keyof typeof tried>().toEqualTypeOf<"add">();
});

test("narrow leaves the named verbs", () => {
  const reader = narrow(counter, "value");
  expectTypeOf(reader.value()).resolves.toEqualTypeOf<number>();
  // @ts-expect-error -- it was not handed out
  void reader.add;
  // @ts-expect-error -- there is no such verb
  narrow(counter, "subtract");
});

test("a recipient sends what its verb takes, or what is converted to that", () => {
  const adder = recipient(counter, "add");
  expectTypeOf(adder.send).toEqualTypeOf<(by: number) => void>();
  const text = recipient(counter, "add", (given: string): [by: number] => [Number(given)]);
  expectTypeOf(text.send).toEqualTypeOf<(message: string) => void>();
  expectTypeOf(recipient(counter, "value").send()).resolves.toEqualTypeOf<number>();
  // @ts-expect-error -- add takes a number
  recipient(counter, "add", (given: string) => [given] as const);
});

test("callAll answers in the order of the refs", () => {
  expectTypeOf(callAll([counter], (each) => each.value())).resolves.toEqualTypeOf<
    PromiseSettledResult<number>[]
  >();
});

test("a group has members of one kind", () => {
  const crowd = group(Counter, "crowd");
  expectTypeOf(system.group(crowd).one()!.value()).resolves.toEqualTypeOf<number>();
  expectTypeOf(system.group(crowd)).toExtend<Pick<GroupRef<object>, "size">>();
  expectTypeOf(system.group(crowd).all((each) => each.value())).toEqualTypeOf<Promise<number>[]>();
  expectTypeOf(system.whereIs(Counter, "c")!.value()).resolves.toEqualTypeOf<number>();
});

test("a topic carries one type of event", () => {
  const prices = topic<{ sku: string; price: number }>("prices");
  system.publish(prices, { sku: "a", price: 1 });
  // @ts-expect-error -- the price is missing
  system.publish(prices, { sku: "a" });
  actor({
    init: (ctx) => {
      ctx.subscribe(prices, (event) => void expectTypeOf(event.price).toEqualTypeOf<number>());
      // @ts-expect-error -- it is a price
      ctx.subscribe(prices, (event: string) => event);
    },
  });
});

test("what is done to any actor takes any ref", () => {
  expectTypeOf(stop(counter)).resolves.toEqualTypeOf<ExitReason>();
  expectTypeOf(started(counter)).resolves.toEqualTypeOf<void>();
  monitor(counter, (down) => expectTypeOf(down.reason.kind).toExtend<string>());
  // @ts-expect-error -- a definition is no ref
  void stop(Counter);
});

test("a ref is taken where fewer verbs are asked for, and not where others are", () => {
  expectTypeOf(counter).toExtend<Ref<{ value(): Promise<number> }>>();
  expectTypeOf(counter).not.toExtend<Ref<{ value(): Promise<string> }>>();
  expectTypeOf(counter).not.toExtend<Ref<{ other(): void }>>();
});

test("RefOf names the ref of an inferred definition, so that it can be a prop", () => {
  const Tally = actor({ init: () => ({ n: 0 }), call: { value: (ctx) => ctx.state.n } });
  const tally = createSystem().spawn(Tally);
  expectTypeOf<RefOf<typeof Tally>>().toEqualTypeOf(tally);
  const Reader = actor({ init: (_ctx, props: { tally: RefOf<typeof Tally> }) => props });
  createSystem().spawn(Reader, { tally });
  // @ts-expect-error -- a ref of another protocol
  createSystem().spawn(Reader, { tally: createSystem().spawn(Reader, { tally }) });
});
