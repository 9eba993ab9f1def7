import type { Peer } from "./peer.ts";

/** Shares names, groups and topics with the other node, as nodes of one system do. */
export function shareWith(_peer: Peer): void {}
