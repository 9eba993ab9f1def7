import type { Special } from "../wire/codec.ts";

/** All that a node had to say in one turn. */
export type Batch = readonly [records: unknown[], specials: readonly Special[] | null];

/**
 * Carries batches to one other node: each once, whole, in order, or none after the first that is lost.
 *
 * What comes the other way, it hands to `Peer.receive`; when the way is gone, it calls `Peer.close`.
 */
export interface Transport {
  /** Throws for what cannot be carried; nothing of that batch has gone then. */
  post(batch: Batch, transfers: readonly object[]): void;
}
