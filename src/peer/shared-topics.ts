import type { Cell } from "../kernel/cell.ts";
import type { Relay } from "../names/topics.ts";
import { INTEREST, PUBLISH } from "../wire/ops.ts";
import type { Peer } from "./peer.ts";

/**
 * Passes what is published on to the other node, where somebody subscribes to it there.
 *
 * Each side tells the other how many would hear of a topic, in it and behind it, whenever that
 * changes; so an event goes only where somebody wants it, and a publisher is told how many it
 * reached. One who has just subscribed may not have been told of yet.
 */
export function shareTopics(peer: Peer): void {
  const { topics, stats } = peer.kernel;
  /** How many hear of a topic over there. */
  const there = new Map<string, number>();
  const told = new Map<string, number>();
  const relay: Relay = {
    topics: () => there.keys(),
    interest: (name) => there.get(name) ?? 0,
    pass(name, event, from) {
      const reached = there.get(name) ?? 0;
      if (reached === 0) return 0;
      if (peer.window.isFull) {
        stats.deadLetters += reached;
        return 0;
      }
      const sender = peer.numberOfSender(from as Cell | null);
      peer.outbox.tell(PUBLISH, `an event of ${name}`, name, sender, event);
      peer.window.underWay++;
      return reached;
    },
    changed(name) {
      const interest = topics.interest(name, relay);
      if (interest === (told.get(name) ?? 0)) return;
      if (interest === 0) told.delete(name);
      else told.set(name, interest);
      peer.outbox.say(INTEREST, name, interest);
    },
  };
  peer.on(INTEREST, (reader) => {
    const name = reader.next<string>();
    const interest = reader.next<number>();
    if (interest === 0) there.delete(name);
    else there.set(name, interest);
    topics.changed(name, relay);
  });
  peer.on(PUBLISH, (reader) => {
    const name = reader.next<string>();
    const from = peer.senderOf(reader.next());
    peer.window.arrived(1);
    topics.publish({ name }, reader.value(), from, relay);
  });
  topics.addRelay(relay);
  peer.onClose(() => {
    topics.removeRelay(relay);
    for (const name of there.keys()) topics.changed(name, relay);
  });
}
