import { Envelope } from "../kernel/envelope.ts";
import { show } from "../kernel/exit-reason.ts";
import * as ops from "../wire/ops.ts";
import { kindOfCell } from "./kinds.ts";
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
      loseCast(peer, record, error);
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

function loseCast(peer: Peer, record: readonly unknown[], error: unknown): void {
  const [head, to, count, ...rest] = record as [number, number, number, ...unknown[]];
  const receiver = to > 0 ? peer.imports.get(to) : peer.exports.at(-to);
  if (receiver === undefined) return lose(peer, castsIn(record), error);
  const verb = kindOfCell(receiver).verbs[ops.verbOf(head)]!;
  const args = rest.slice(rest.length - count);
  const { log, router } = peer.kernel;
  const what = { actor: receiver.label, verb: verb.name, error };
  log.logger.error(what, "a message to it could not be carried");
  router.deadLetter(Envelope.of(receiver, verb, args, null, null), `not carried: ${show(error)}`);
}

function lose({ kernel, name }: Peer, messages: number, error: unknown): void {
  kernel.stats.deadLetters += messages;
  kernel.log.logger.error({ actor: name, error }, "a message to it could not be carried");
}
