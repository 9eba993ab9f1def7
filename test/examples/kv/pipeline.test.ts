import fc from "fast-check";
import { expect, test } from "vitest";
import { Command } from "../../../examples/kv/command.ts";
import { Pipeline } from "../../../examples/kv/pipeline.ts";
import { execute, findShardCommand } from "../../../examples/kv/store/commands.ts";
import { Store } from "../../../examples/kv/store/store.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
const commands = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom("GET", "INCR", "GETDEL", "TYPE"), key),
    fc.tuple(fc.constantFrom("SET", "APPEND", "RPUSH"), key, fc.constantFrom("1", "x")),
    fc.tuple(fc.constantFrom("DEL", "EXISTS", "MGET"), key, key, key),
    fc.tuple(fc.constant("MSET"), key, fc.constant("1"), key, fc.constant("2")),
    fc.constantFrom(["DBSIZE"], ["FLUSHALL"]),
  ),
  { maxLength: 40 },
);

test("a pipeline over many shards answers as one store would", async () => {
  await fc.assert(
    fc.asyncProperty(commands, fc.integer({ min: 1, max: 5 }), async (sent, shards) => {
      const alone = new Store();
      const divided = Array.from({ length: shards }, () => new Store());
      const pipeline = new Pipeline(shards);
      let expected = "";
      for (const args of sent) {
        expected += execute(alone, args, 0);
        pipeline.command(findShardCommand(args[0])!, new Command(args));
      }
      const replies = await pipeline.run((shard, batch) =>
        Promise.resolve(batch.map(({ args }) => execute(divided[shard]!, args, 0))),
      );
      expect(replies).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test("replies that are known stand in their places among those that are asked for", async () => {
  const pipeline = new Pipeline(2);
  pipeline.reply("+1\r\n");
  pipeline.command(findShardCommand("GET")!, new Command(["GET", "a"]));
  pipeline.reply("+3\r\n");
  pipeline.everywhere(new Command(["DBSIZE"]), (replies) => `+${replies.length}\r\n`);
  const asked: number[] = [];
  const text = await pipeline.run((shard, batch) => {
    asked.push(shard);
    return Promise.resolve(batch.map(() => `+shard ${shard}\r\n`));
  });
  expect(text).toMatch(/^\+1\r\n\+shard [01]\r\n\+3\r\n\+2\r\n$/);
  expect(asked).toEqual([0, 1]);
});

test("a pipeline that asks no shard is answered without one", async () => {
  const pipeline = new Pipeline(3);
  pipeline.reply("+PONG\r\n");
  expect(pipeline.isWaiting).toBe(false);
  const asked: number[] = [];
  const text = await pipeline.run(async (shard) => {
    asked.push(shard);
    return [];
  });
  expect(text).toBe("+PONG\r\n");
  expect(asked).toEqual([]);
});
