import { both } from "../kernel/stop.ts";
import type { DownReason } from "../kernel/exit-reason.ts";
import type { PendingCall } from "../kernel/pending-call.ts";
import { LEFT } from "../wire/ops.ts";
import { RemoteStream } from "./open-streams.ts";
import type { Peer } from "./peer.ts";

/** One who waits for an answer from the other side. */
interface Asked {
  settle(value: unknown): void;
  fail(error: unknown): void;
  /** The other side is gone, and why. */
  lose(reason: DownReason, error: unknown): void;
}

/** What this side has asked, by tag, and waits to have answered. */
export class Questions {
  readonly #asked = new Map<number, Asked>();
  readonly #peer: Peer;
  #last = 0;
  /** Called when nothing waits to be answered any more. */
  onAllAnswered: (() => void) | null = null;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  get size(): number {
    return this.#asked.size;
  }

  /** A call that goes to the other side; `opens` a stream, whose number is the answer. */
  call(call: PendingCall, opens: boolean): number {
    const tag = ++this.#last;
    this.#asked.set(tag, {
      settle: (value) =>
        call.resolve(opens ? new RemoteStream(value as number, this.#peer) : value),
      fail: (error) => call.reject(error),
      lose: (reason) => {
        const { label, reason: known, rare } = call.at;
        call.receiverGone(label, known ?? rare?.ending?.reason ?? reason);
      },
    });
    const { extra } = call;
    extra.onLeave = both(extra.onLeave, () => this.#leave(tag));
    return tag;
  }

  /** Anything else that is answered once. */
  ask(): { readonly tag: number; readonly answer: Promise<void> } {
    const tag = ++this.#last;
    const answer = new Promise<void>((resolve, reject) => {
      this.#asked.set(tag, {
        settle: () => resolve(),
        fail: reject,
        lose: (_, error) => reject(error),
      });
    });
    return { tag, answer };
  }

  #leave(tag: number): void {
    if (!this.#asked.delete(tag)) return;
    this.#peer.outbox.say(LEFT, tag);
    this.#look();
  }

  #look(): void {
    if (this.#asked.size === 0) this.onAllAnswered?.();
  }

  answered(tag: number, value: unknown): void {
    this.#take(tag)?.settle(value);
    this.#look();
  }

  failed(tag: number, error: unknown): void {
    this.#take(tag)?.fail(error);
    this.#look();
  }

  #take(tag: number): Asked | undefined {
    const asked = this.#asked.get(tag);
    if (asked === undefined) this.#peer.kernel.stats.lateReplies++;
    else this.#asked.delete(tag);
    return asked;
  }

  /** The receiver was gone before the question came. */
  gone(tag: number, reason: DownReason): void {
    this.#take(tag)?.lose(reason, undefined);
    this.#look();
  }

  /** Nobody is there any more to answer. */
  close(reason: DownReason, error: unknown): void {
    const open = [...this.#asked.values()];
    this.#asked.clear();
    for (const asked of open) asked.lose(reason, error);
  }
}
