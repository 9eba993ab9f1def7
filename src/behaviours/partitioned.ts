import { behaviourOf, type ActorDef } from "../kernel/behaviour.ts";
import { BadInputError } from "../kernel/errors.ts";
import type { SpawnOptions } from "../kernel/options.ts";
import { addMethod, type CELL, type Ref } from "../kernel/ref.ts";
import type { Intensity } from "../supervision/restart-intensity.ts";
import { hashText } from "../kernel/hash.ts";
import type { Definition } from "./actor.ts";
import { supervisor, type AnyChild } from "./supervisor.ts";

/** A supervisor of n actors of one kind, each for its part of the keys (Elixir's `PartitionSupervisor`). */
export interface PartitionedProtocol<A> {
  /** The actor for a key: always the same one. */
  of(key: string): Ref<A>;
  /** All of them, by number. */
  partitions(): readonly Ref<A>[];
}

/** What `partitioned` is made from. */
export type PartitionedSpec<A, P> = Definition & {
  readonly actor: ActorDef<A, P>;
  /** How many. */
  readonly partitions: number;
  readonly child?: SpawnOptions;
  readonly intensity?: Intensity;
} & PartitionProps<P>;

/** Props are asked for when the definition has some. */
type PartitionProps<P> = unknown extends P
  ? { readonly props?: undefined }
  : [P] extends [void]
    ? { readonly props?: undefined }
    : {
        /** Makes the props of the one with this number, from 0. */
        readonly props: (partition: number) => P;
      };

/** Defines a supervisor of `partitions` actors of one kind, among which keys are divided. */
export function partitioned<A, P>(spec: PartitionedSpec<A, P>): ActorDef<PartitionedProtocol<A>> {
  const { actor: kind, partitions, child, ...others } = spec;
  const { props, ...rest } = others as Definition & { props?: (partition: number) => unknown };
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new BadInputError(
      `partitioned: partitions is ${partitions}; it must be a whole number, at least 1`,
    );
  }
  const children: Record<string, AnyChild> = {};
  for (let i = 0; i < partitions; i++) {
    children[`p${i}`] = { ...child, actor: kind, props: props?.(i) };
  }
  const definition = supervisor({ name: "partitioned", ...rest, children });
  const refClass = behaviourOf(definition).Ref as never;
  addMethod(refClass, "of", function (key) {
    return childOf(this, hashText(String(key)) % partitions);
  });
  addMethod(refClass, "partitions", function () {
    return Array.from({ length: partitions }, (_, i) => childOf(this, i));
  });
  return definition as unknown as ActorDef<PartitionedProtocol<A>>;
}

function childOf(ref: { readonly [CELL]: unknown }, partition: number): unknown {
  return (ref as unknown as { child(id: string): unknown }).child(`p${partition}`);
}
