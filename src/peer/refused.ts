import * as ops from "../wire/ops.ts";
import type { Peer } from "./peer.ts";
import { castsIn } from "./salvage.ts";

/**
 * Deals with a record that the host could not carry, though it looked as if it could.
 *
 * A call rejects, a cast is a dead letter, an actor that was to begin with such props does not. What
 * happened is told all the same, with as much of it as can be: somebody waits for that.
 */
export function dealWithRefused(peer: Peer, record: unknown[], error: unknown): void {
  const head = record[0] as number;
  const number = record[1] as number;
  switch (ops.opOf(head)) {
    case ops.CALL:
      peer.window.withdrawn(1);
      peer.questions.failed(record[2] as number, error);
      break;
    case ops.CAST:
      peer.window.withdrawn(castsIn(record));
      lose(peer, castsIn(record), error);
      break;
    case ops.PUBLISH:
      peer.window.withdrawn(1);
      lose(peer, 1, error);
      break;
    case ops.REPLY:
      peer.calls.reject(number, error);
      break;
    case ops.SPAWN:
    case ops.BEGIN:
      peer.onPropsRefused?.(number, error, ops.opOf(head) === ops.BEGIN);
      break;
    default:
      peer.outbox.sayPlainly(record);
  }
}

function lose({ kernel, name }: Peer, messages: number, error: unknown): void {
  kernel.stats.deadLetters += messages;
  kernel.log.logger.error({ actor: name, error }, "a message to it could not be carried");
}
