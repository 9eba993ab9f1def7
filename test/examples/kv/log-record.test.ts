import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Command } from "../../../examples/kv/command.ts";
import { LogReader, Recorder, replay } from "../../../examples/kv/log-record.ts";
import { RequestDecoder } from "../../../examples/kv/request-decoder.ts";
import { bulkArray } from "../../../examples/kv/resp.ts";
import { Snapshot } from "../../../examples/kv/snapshot.ts";
import { execute } from "../../../examples/kv/store/commands.ts";
import { Store } from "../../../examples/kv/store/store.ts";

const key = fc.constantFrom("a", "b", "c", "\xff\r\n");
const value = fc.constantFrom("1", "x", "-7", "\0\r\n", "v".repeat(100));
const write = fc.oneof(
  fc.tuple(fc.constantFrom("SET", "SETNX", "APPEND", "INCRBY", "LPUSH", "RPUSH"), key, value),
  fc.tuple(fc.constantFrom("INCR", "DECR", "GETDEL", "LPOP", "RPOP", "DEL", "GET", "PERSIST"), key),
  fc.tuple(fc.constant("SET"), key, value, fc.constantFrom("PX", "EX"), fc.constantFrom("1", "5")),
  fc.tuple(fc.constant("SET"), key, value, fc.constantFrom("NX", "XX", "GET", "KEEPTTL")),
  fc.tuple(fc.constantFrom("EXPIRE", "PEXPIRE", "PEXPIREAT"), key, fc.constantFrom("-1", "1", "9")),
  fc.tuple(fc.constant("HSET"), key, value, value),
  fc.tuple(fc.constant("HDEL"), key, value),
  fc.tuple(fc.constant("MSET"), key, value, key, value),
  fc.constant(["FLUSHALL"]),
);

/** Everything a store holds, expiry times included, whatever the hour. */
function contents(store: Store): unknown {
  return [...store.entries()]
    .map((entry) => ({
      key: entry.key,
      time: store.expiryOf(entry),
      value:
        typeof entry.value === "object" && "slice" in entry.value
          ? entry.value.slice(0, entry.value.length)
          : entry.value,
    }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** A command as the server gets it: cut from a client's bytes, or made from its arguments. */
function received(args: readonly string[], fromBytes: boolean): Command {
  if (!fromBytes) return new Command(args);
  return new RequestDecoder().feed(Buffer.from(bulkArray(args), "latin1"))[0]!;
}

function rebuilt(log: string): Store {
  const store = new Store();
  for (const record of new LogReader().feed(Buffer.from(log, "latin1"))) replay(store, record);
  return store;
}

describe("the log", () => {
  test("rebuilds the store", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(write, fc.nat(3)), { maxLength: 60 }),
        fc.boolean(),
        (steps, fromBytes) => {
          const store = new Store({ noteExpired: true });
          const recorder = new Recorder(store);
          let log = "";
          let now = 1000;
          for (const [args, passed] of steps) {
            now += passed;
            execute(store, args, now);
            log += recorder.records(received(args, fromBytes));
            if (passed === 3) {
              store.expireSome(now, 2);
              log += recorder.expired();
            }
          }
          expect(contents(rebuilt(log))).toEqual(contents(store));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("holds no clock and no condition", () => {
    const store = new Store({ noteExpired: true });
    const recorder = new Recorder(store);
    const log = (line: string, now: number): string => {
      const args = line.split(" ");
      execute(store, args, now);
      return recorder
        .records(new Command(args))
        .replace(/[*$]\d+\r\n/g, "")
        .replaceAll("\r\n", " ")
        .trim();
    };
    expect(log("SET k v EX 10 NX", 5000)).toBe("SET k v PXAT 15000");
    expect(log("SET k v NX", 5000)).toBe("");
    expect(log("GET k", 5000)).toBe("");
    expect(log("EXPIRE k 1", 6000)).toBe("PEXPIREAT k 7000");
    expect(log("GET k", 7000)).toBe("DEL k");
    expect(log("INCRBY n 5", 7000)).toBe("SET n 5");
    expect(log("EXPIRE n -1", 7000)).toBe("DEL n");
  });

  test("what needs no other record is written as it was sent", () => {
    const store = new Store();
    const recorder = new Recorder(store);
    const log = (...args: string[]): string => {
      execute(store, args, 5000);
      return recorder.records(received(args, true));
    };
    expect(log("Mset", "a", "1", "b", "2")).toBe(bulkArray(["Mset", "a", "1", "b", "2"]));
    expect(log("set", "a", "2")).toBe(bulkArray(["set", "a", "2"]));
    expect(log("set", "a", "2", "px", "1")).toBe(bulkArray(["SET", "a", "2", "PXAT", "5001"]));
    expect(log("incr", "b")).toBe(bulkArray(["SET", "b", "3"]));
  });

  test("a torn last record is measured wherever it is torn", () => {
    const record = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n";
    for (let torn = 0; torn < record.length; torn++) {
      const reader = new LogReader();
      const file = Buffer.from(record + record.slice(0, torn));
      const records = [...reader.feed(file.subarray(0, 20)), ...reader.feed(file.subarray(20))];
      expect([records.length, reader.wholeBytes, reader.tornBytes]).toEqual([
        1,
        record.length,
        torn,
      ]);
      expect(reader.fault).toBeUndefined();
    }
  });

  test("bytes that are no record are a fault", () => {
    for (const garbage of ["\0\0\0\0", "PING\r\n", "*1\r\n$1\r\nkXX"]) {
      const reader = new LogReader();
      reader.feed(Buffer.from(`*1\r\n$8\r\nFLUSHALL\r\n${garbage}`));
      expect(reader.wholeBytes).toBe(18);
      expect(reader.fault).toMatch(/Protocol error/);
    }
  });
});

describe("a snapshot", () => {
  test("rebuilds the store with what happened while it was written", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(write, fc.nat(4)), { maxLength: 80 }), (steps) => {
        const store = new Store({ noteExpired: true });
        const recorder = new Recorder(store);
        let file = "";
        let now = 1000;
        let snapshot: Snapshot | undefined;
        for (const [at, [args, what]] of steps.entries()) {
          now += what;
          execute(store, args, now);
          const records = recorder.records(new Command(args));
          if (snapshot !== undefined) file += records;
          if (at === 20) snapshot = new Snapshot(store);
          if (at > 20 && what === 4) snapshot?.writePiece(20, (text) => (file += text));
        }
        snapshot ??= new Snapshot(store);
        while (snapshot.writePiece(20, (text) => (file += text)));
        expect(contents(rebuilt(file))).toEqual(contents(store));
      }),
      { numRuns: 1_000 },
    );
  });

  test("comes in pieces of about the size asked for", () => {
    const store = new Store();
    for (let at = 0; at < 1000; at++) execute(store, ["SET", String(at), "v".repeat(100)], 0);
    execute(store, ["RPUSH", "l", ...Array.from({ length: 1000 }, (_, i) => String(i))], 0);
    const pieces: string[] = [];
    const snapshot = new Snapshot(store);
    while (snapshot.writePiece(1000, (piece) => pieces.push(piece)));
    expect(pieces.length).toBeGreaterThan(100);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(2000);
    expect(contents(rebuilt(pieces.join("")))).toEqual(contents(store));
  });
});
