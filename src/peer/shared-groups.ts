import type { Cell } from "../kernel/cell.ts";
import { cellOf, type AnyRef } from "../kernel/ref.ts";
import type { MembershipChange } from "../names/groups.ts";
import { JOINED, QUIT } from "../wire/ops.ts";
import type { Peer } from "./peer.ts";

/**
 * Keeps the groups of two nodes the same: each tells the other who joins and who leaves.
 *
 * At once where it happens, a little later elsewhere, as in OTP's `pg`. What one node was told by
 * another it tells the rest, so all nodes around one hear of all.
 */
export function shareGroups(peer: Peer): void {
  const { groups } = peer.kernel;
  /** The other side said so: it need not be told. */
  let isHearing = false;
  const tell = ({ kind, scope, name, member }: MembershipChange<Cell>): void => {
    if (isHearing) return;
    peer.outbox.tell(kind === "joined" ? JOINED : QUIT, "a member", scope, name, member.ref);
  };
  const hear = (act: (group: { scope: string; name: string }, cell: Cell) => void) => {
    return (scope: string, name: string, ref: AnyRef | undefined): void => {
      const cell = ref === undefined ? undefined : cellOf(ref);
      if (cell === undefined || cell.status === "stopped") return;
      isHearing = true;
      act({ scope, name }, cell);
      isHearing = false;
    };
  };
  const join = hear((group, cell) => {
    // It counts what it joins where its code runs.
    if (!groups.has(group, cell)) groups.join(group, cell);
  });
  const leave = hear((group, cell) => groups.remove(group, cell));
  peer.on(JOINED, (r) => join(r.next(), r.next(), r.value() as AnyRef | undefined));
  peer.on(QUIT, (r) => leave(r.next(), r.next(), r.value() as AnyRef | undefined));
  for (const { scope, name, member } of groups.all()) {
    tell({ kind: "joined", scope, name, member });
  }
  const unwatch = groups.watch({}, tell);
  peer.onClose(unwatch);
}
