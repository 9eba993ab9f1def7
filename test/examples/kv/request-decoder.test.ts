import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command } from "../../../examples/kv/command.ts";
import { RequestDecoder } from "../../../examples/kv/request-decoder.ts";
import { bulkArray } from "../../../examples/kv/resp.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const latin1 = fc
  .uint8Array({ maxLength: 40 })
  .map((array) => Buffer.from(array).toString("latin1"));
const argsOf = (received: readonly Command[]) => received.map(({ args }) => args);
const commands = fc.array(fc.array(latin1, { minLength: 1, maxLength: 5 }), { maxLength: 8 });

describe("RequestDecoder", () => {
  test("gives the same commands wherever the stream is cut", () => {
    fc.assert(
      fc.property(commands, fc.array(fc.nat({ max: 30 })), (sent, cuts) => {
        const stream = bytes(sent.map((args) => bulkArray(args)).join(`ECHO "in line"\r\n`));
        const decoder = new RequestDecoder();
        const received: Command[] = [];
        // One buffer for all chunks, as a socket with `onread` would use it.
        const chunk = Buffer.alloc(30);
        let at = 0;
        for (let turn = 0; at < stream.length; turn++) {
          const length = Math.max(cuts[turn % Math.max(cuts.length, 1)] ?? 1, 1);
          const copied = stream.copy(chunk, 0, at, at + length);
          received.push(...decoder.feed(chunk.subarray(0, copied)));
          at += copied;
          chunk.fill(0);
        }
        const expected = sent.flatMap((args, place) =>
          place === 0 ? [args] : [["ECHO", "in line"], args],
        );
        expect(argsOf(received)).toEqual(expected);
        expect(decoder.wholeBytes).toBe(stream.length);
      }),
    );
  });

  test("keeps a command's text where it came in one piece, and only what reads as the same", () => {
    const ends = fc.constantFrom("\r\n", "\r\n", "\n\n", "xx");
    const sloppy = fc.tuple(fc.array(latin1, { minLength: 1, maxLength: 3 }), ends);
    fc.assert(
      fc.property(fc.array(sloppy), fc.nat({ max: 100 }), (sent, cut) => {
        const texts = sent.map(([args, end]) => bulkArray(args).slice(0, -2) + end);
        const stream = bytes(texts.join(""));
        const decoder = new RequestDecoder();
        const [first, second] = [stream.subarray(0, cut), stream.subarray(cut)];
        const received = [...decoder.feed(first), ...decoder.feed(second)];
        let at = 0;
        for (const [index, { args, text }] of received.entries()) {
          const from = at;
          at += texts[index]!.length;
          const isCut = from < cut && cut < at;
          const isSound = sent[index]![1] === "\r\n";
          const whole = isSound ? [bulkArray(args)] : [""];
          expect(isCut ? [...whole, ""] : whole).toContain(text);
        }
        expect(received.length).toBe(sent.length);
      }),
    );
  });

  test("survives any bytes at all", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const decoder = new RequestDecoder();
        for (const chunk of chunks) decoder.feed(Buffer.from(chunk));
      }),
    );
  });

  test("returns the commands before a fault, and nothing after it", () => {
    const decoder = new RequestDecoder();
    expect(argsOf(decoder.feed(bytes("PING\r\n*1\r\n+x\r\nPING\r\n")))).toEqual([["PING"]]);
    expect(decoder.error).toBe("-ERR Protocol error: expected '$', got '+'\r\n");
    expect(decoder.feed(bytes("PING\r\n"))).toEqual([]);
  });

  test.each([
    ["*1048577\r\n", "invalid multibulk length"],
    ["*1\r\n$11\r\n", "invalid bulk length"],
    ["*3\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n$10\r\n", "query buffer limit exceeded"],
    ["x".repeat(65_537), "too big inline request"],
  ])("keeps its limits", (request, reason) => {
    const decoder = new RequestDecoder({ bulkBytes: 10, bufferedBytes: 70 });
    decoder.feed(bytes(request));
    expect(decoder.error).toBe(`-ERR Protocol error: ${reason}\r\n`);
  });

  test("an endless line in tiny chunks is refused, and not searched again for each", () => {
    const decoder = new RequestDecoder();
    for (let sent = 0; sent <= 65_537; sent++) decoder.feed(bytes("x"));
    expect(decoder.error).toBe("-ERR Protocol error: too big inline request\r\n");
  });

  test("a value of 32 MB in chunks of 1 KB takes linear time", () => {
    const value = "v".repeat(32 * 1024 * 1024);
    const stream = bytes(bulkArray(["SET", "k", value]));
    const decoder = new RequestDecoder();
    const received: Command[] = [];
    for (let at = 0; at < stream.length; at += 1024) {
      received.push(...decoder.feed(stream.subarray(at, at + 1024)));
    }
    expect(received[0]?.args[2] === value).toBe(true);
  });

  test("an announced length reserves no memory", () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 100 }, () => new RequestDecoder());
    for (const decoder of decoders) decoder.feed(bytes("*1000000\r\n$500000000\r\nabc"));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
});
