/** Publish and subscribe: a topic for each channel, and one for all, of which patterns take their part. */
import { topic, type InitContext, type Topic } from "troupe";
import { globMatches } from "./glob.ts";
import { bulk, bulkArray, integer, NULL_BULK } from "./resp.ts";

interface Message {
  readonly channel: string;
  readonly payload: string;
}

const ALL_CHANNELS: Topic<Message> = topic("channels");

/** Events are ready for the socket: encoded once, however many subscribe. */
function channelTopic(channel: string): Topic<string> {
  return topic(`channel ${channel}`);
}

type Ctx = Pick<InitContext, "publish" | "subscribe">;

/** Tells subscribers of the channel, then those of patterns; answers how many it reached. */
export function publish(ctx: Ctx, channel: string, payload: string): number {
  const told = ctx.publish(channelTopic(channel), bulkArray(["message", channel, payload]));
  return told + ctx.publish(ALL_CHANNELS, { channel, payload });
}

type Kind = "subscribe" | "psubscribe";

/** What one client has subscribed to. */
export class Subscriptions {
  readonly #ctx: Ctx;
  readonly #send: (text: string) => void;
  readonly #channels = new Map<string, Disposable>();
  readonly #patterns = new Map<string, Disposable>();

  constructor(ctx: Ctx, send: (text: string) => void) {
    this.#ctx = ctx;
    this.#send = send;
  }

  get count(): number {
    return this.#channels.size + this.#patterns.size;
  }

  subscribe(kind: Kind, names: readonly string[]): string {
    let replies = "";
    for (const name of names) {
      const mine = this.#of(kind);
      if (!mine.has(name)) {
        mine.set(name, kind === "subscribe" ? this.#toChannel(name) : this.#toPattern(name));
      }
      replies += this.#state(kind, bulk(name));
    }
    return replies;
  }

  /** From those named; from all when none is. */
  unsubscribe(kind: Kind, names: readonly string[]): string {
    const mine = this.#of(kind);
    const leaving = names.length > 0 ? names : [...mine.keys()];
    const word = kind === "subscribe" ? "unsubscribe" : "punsubscribe";
    if (leaving.length === 0) return this.#state(word, NULL_BULK);
    let replies = "";
    for (const name of leaving) {
      mine.get(name)?.[Symbol.dispose]();
      mine.delete(name);
      replies += this.#state(word, bulk(name));
    }
    return replies;
  }

  clear(): void {
    this.unsubscribe("subscribe", []);
    this.unsubscribe("psubscribe", []);
  }

  #of(kind: Kind): Map<string, Disposable> {
    return kind === "subscribe" ? this.#channels : this.#patterns;
  }

  #state(word: string, name: string): string {
    return `*3\r\n${bulk(word)}${name}${integer(this.count)}`;
  }

  #toChannel(channel: string): Disposable {
    return this.#ctx.subscribe(channelTopic(channel), this.#send);
  }

  #toPattern(pattern: string): Disposable {
    return this.#ctx.subscribe(
      ALL_CHANNELS,
      ({ channel, payload }) => this.#send(bulkArray(["pmessage", pattern, channel, payload])),
      { when: ({ channel }) => globMatches(pattern, channel) },
    );
  }
}
