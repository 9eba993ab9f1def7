import fc from "fast-check";
import { expect, test } from "vitest";
import { BadInputError } from "troupe";
import { lines, type LineOptions } from "troupe/fs";

async function* yielding(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function linesOf(chunks: readonly (string | Uint8Array)[], options?: LineOptions) {
  const bytes = chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk));
  const source = lines(yielding(bytes), options);
  const got: string[] = [];
  let error: unknown;
  try {
    for await (const line of source) got.push(line);
  } catch (thrown) {
    error = thrown;
  }
  return { got, error, longLines: source.longLines };
}

test("lines come without their ends, whatever these are", async () => {
  expect((await linesOf(["one\ntwo\r\n\nfo", "ur\r", "\nfive"])).got).toEqual([
    "one",
    "two",
    "",
    "four",
    "five",
  ]);
  expect((await linesOf([])).got).toEqual([]);
  expect((await linesOf(["\n"])).got).toEqual([""]);
  expect((await linesOf(["a\rb\n"])).got).toEqual(["a\rb"]);
});

test("however the bytes are cut, the lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "é", "☃", "😀", "\n", "\r\n", "bc"), { maxLength: 40 }),
      fc.array(fc.nat(100), { maxLength: 8 }),
      async (parts, cuts) => {
        const bytes = Buffer.from(parts.join(""));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
        places.sort((a, b) => a - b);
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        const whole = parts.join("").split(/\r?\n/);
        if (whole.at(-1) === "") whole.pop();
        expect((await linesOf(chunks)).got).toEqual(whole);
      },
    ),
  );
});

test("bytes that are no UTF-8 end no line early and no line late", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 12, max: 255 }), { maxLength: 6 }),
      async (chunks) => {
        const whole = Buffer.concat(chunks).toString("latin1").split("\n");
        if (whole.at(-1) === "") whole.pop();
        const plain = whole.map((line) =>
          Buffer.from(line.replace(/\r$/, ""), "latin1").toString(),
        );
        expect((await linesOf(chunks)).got).toEqual(plain);
      },
    ),
  );
});

test("a line that is too long fails the source, behind those before it", async () => {
  const { got, error } = await linesOf(["ok\nmuch too long\nnever"], { lineBytes: 8 });
  expect(got).toEqual(["ok"]);
  expect(error).toBeInstanceOf(RangeError);
  expect(String(error)).toContain("more than 8 bytes");
});

test("a line of just the limit is not too long, with either end, in one piece or two", async () => {
  for (const chunks of [["12345678\n"], ["12345678\r\n"], ["12345678", "\r", "\n"], ["12345678"]]) {
    expect(await linesOf(chunks, { lineBytes: 8 })).toEqual({
      got: ["12345678"],
      error: undefined,
      longLines: 0,
    });
  }
  expect((await linesOf(["123456789\n"], { lineBytes: 8 })).error).toBeInstanceOf(RangeError);
});

test("a line that is too long comes in pieces where that is asked for, no character cut in two", async () => {
  const { got, longLines } = await linesOf(["a\n", "ééééé", "ééééé\nb"], {
    lineBytes: 7,
    whenTooLong: "split",
  });
  expect(got).toEqual(["a", "ééé", "ééé", "ééé", "é", "b"]);
  expect(longLines).toBe(1);
  const nine = await linesOf(["123456789\n1"], { lineBytes: 8, whenTooLong: "split" });
  expect(nine).toMatchObject({ got: ["12345678", "9", "1"], longLines: 1 });
});

test("a line that is too long is left out and counted where that is asked for", async () => {
  const { got, longLines } = await linesOf(["a\n1234567890", "1234567890\nb\n123456789\nc"], {
    lineBytes: 8,
    whenTooLong: "skip",
  });
  expect(got).toEqual(["a", "b", "c"]);
  expect(longLines).toBe(2);
});

test("what is split or skipped is never more than the limit, and nothing of the rest is lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "é", "😀", "\n", "bcd"), { maxLength: 60 }),
      fc.integer({ min: 4, max: 12 }),
      fc.integer({ min: 1, max: 9 }),
      async (parts, lineBytes, step) => {
        const bytes = Buffer.from(parts.join(""));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
        const split = await linesOf(chunks, { lineBytes, whenTooLong: "split" });
        expect(split.got.join("")).toBe(parts.join("").replaceAll("\n", ""));
        for (const line of split.got) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(lineBytes);
        }
        const skip = await linesOf(chunks, { lineBytes, whenTooLong: "skip" });
        const fits = parts.join("").split("\n");
        if (fits.at(-1) === "") fits.pop();
        expect(skip.got).toEqual(fits.filter((line) => Buffer.byteLength(line) <= lineBytes));
      },
    ),
  );
});

/** Chunks that wait for a reader, one at a time, as a connection's do. */
class Waiting implements AsyncIterable<Uint8Array> {
  readers = 0;
  readonly #chunks: string[];
  #arrive: ((result: IteratorResult<Uint8Array>) => void) | null = null;

  constructor(...chunks: string[]) {
    this.#chunks = chunks;
  }

  get unreadBytes(): number {
    return this.#chunks.join("").length;
  }

  /** A chunk for a reader that waits. */
  arrive(chunk: string): void {
    this.#arrive?.({ done: false, value: Buffer.from(chunk) });
    this.#arrive = null;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    this.readers++;
    return {
      next: () => {
        const chunk = this.#chunks[0] === "" ? "" : this.#chunks.shift();
        if (chunk === "") return Promise.resolve({ done: true, value: undefined });
        if (chunk !== undefined) return Promise.resolve({ done: false, value: Buffer.from(chunk) });
        return new Promise((resolve) => (this.#arrive = resolve));
      },
      return: () => {
        this.readers--;
        this.#arrive?.({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

async function first(source: AsyncIterable<string>): Promise<string | undefined> {
  for await (const line of source) return line;
  return undefined;
}

async function all(source: AsyncIterable<string>): Promise<string[]> {
  const got: string[] = [];
  for await (const line of source) got.push(line);
  return got;
}

test("of a source that is read once, the next reader goes on where the one before has left", async () => {
  const bytes = new Waiting("welcome\nextra\nmo", "re\nlast", "");
  const source = lines(bytes);
  expect(await first(source)).toBe("welcome");
  expect(bytes.readers).toBe(0);
  expect(await first(source)).toBe("extra");
  expect(await all(source)).toEqual(["more", "last"]);
  expect(await all(source)).toEqual([]);
});

test("however often the reader changes, the lines are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "é", "\n", "\r\n", "bc"), { maxLength: 30 }),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
      async (parts, takes) => {
        const whole = parts.join("").split(/\r?\n/);
        if (whole.at(-1) === "") whole.pop();
        const source = lines(new Waiting(...parts, ""), { lineBytes: 1000 });
        const got: string[] = [];
        for (const take of takes) {
          if (take === 0) continue;
          let left = take;
          for await (const line of source) {
            got.push(line);
            if (--left === 0) break;
          }
        }
        got.push(...(await all(source)));
        expect(got).toEqual(whole);
      },
    ),
  );
});

test("who leaves while it waits ends no line that has no end, and takes nothing along", async () => {
  const bytes = new Waiting("he");
  const source = lines(bytes);
  const leaver = source[Symbol.asyncIterator]();
  const never = leaver.next();
  await Promise.resolve();
  await leaver.return?.();
  expect(await never).toEqual({ done: true, value: undefined });
  expect(await leaver.next()).toEqual({ done: true, value: undefined });

  const second = source[Symbol.asyncIterator]();
  const unheard = second.next();
  await Promise.resolve();
  bytes.arrive("llo\nwor");
  await second.return?.();
  expect(await unheard).toEqual({ done: true, value: undefined });
  expect(await first(source)).toBe("hello");
});

test("a source that has failed by a line too long fails its next reader, too", async () => {
  const source = lines(new Waiting("a\nb\n123456789\nc\n", ""), { lineBytes: 4 });
  expect(await first(source)).toBe("a");
  expect(await first(source)).toBe("b");
  await expect(all(source)).rejects.toThrow("more than 4 bytes");
  await expect(all(source)).rejects.toThrow("more than 4 bytes");
});

test("what is too long is counted over all readers", async () => {
  const source = lines(new Waiting("a\n1234567\nb\n", "1234567\nc\n", ""), {
    lineBytes: 4,
    whenTooLong: "skip",
  });
  expect(await first(source)).toBe("a");
  expect(await all(source)).toEqual(["b", "c"]);
  expect(source.longLines).toBe(2);
});

test("what is no source of bytes, and limits that are none, are refused at once", () => {
  // @ts-expect-error text yields characters, and no bytes
  expect(() => lines("text")).toThrow(BadInputError);
  expect(() => lines(yielding([]), { lineBytes: 1 })).toThrow("at least 4");
  // @ts-expect-error no such manner
  expect(() => lines(yielding([]), { whenTooLong: "cut" })).toThrow('"cut"');
});
