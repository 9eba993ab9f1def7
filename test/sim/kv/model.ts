import { model } from "troupe/sim";

const ABSENT = "$-1\r\n";

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** What the server says it is: keys with texts, one command at a time. Answers are RESP. */
export const keyspace = model({
  name: "kv",
  keyed: true,
  init: (): string | undefined => undefined,
  reads: {
    get: (state: string | undefined, _key: string) => (state === undefined ? ABSENT : bulk(state)),
  },
  writes: {
    set: (_state: string | undefined, _key: string, value: string) => ({
      state: value,
      output: "+OK\r\n",
    }),
    append: (state: string | undefined, _key: string, more: string) => {
      const text = (state ?? "") + more;
      return { state: text, output: `:${text.length}\r\n` };
    },
    incr(state: string | undefined, _key: string) {
      const count = Number(state ?? "0");
      // A key holds a number, or what was appended to one: which is a number as well here.
      return { state: String(count + 1), output: `:${count + 1}\r\n` };
    },
    del: (state: string | undefined, _key: string) => ({
      state: undefined,
      output: state === undefined ? ":0\r\n" : ":1\r\n",
    }),
  },
});
