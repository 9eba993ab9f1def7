import type { Peer } from "./peer.ts";
import { shareGroups } from "./shared-groups.ts";
import { answerClaims, askForNames } from "./shared-names.ts";
import { shareTopics } from "./shared-topics.ts";

/**
 * Shares names, groups and topics with the other node, as nodes of one system do.
 *
 * `home` is the node in which the system was made: whose a name is, is decided there.
 */
export function shareWith(peer: Peer, isHome: boolean): void {
  shareGroups(peer);
  shareTopics(peer);
  if (isHome) answerClaims(peer);
  else askForNames(peer);
}
