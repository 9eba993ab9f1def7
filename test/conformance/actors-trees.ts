import { actor, type RefOf, type Reply, type SpawnOptions, type Supervision } from "troupe";
import { Subject, type SubjectProps } from "./actors-subject.ts";

interface ParentProps extends SubjectProps {
  /** The ids of its children, in start order. */
  readonly children: readonly string[];
  readonly settings?: Pick<SpawnOptions, "restart" | "shutdown" | "backoff" | "significant">;
  /** By the id of a child, what is other about it. */
  readonly props?: Readonly<Record<string, Partial<SubjectProps>>>;
}

/** Makes a kind of parent: it starts subjects, and writes down what it hears of them. */
function parentOf(name: string, supervision: Supervision, listens = true) {
  return actor({
    name,
    supervision,
    init(ctx, given: ParentProps) {
      const { id, journal, door, children, settings, props } = given;
      const common = door === undefined ? { journal } : { journal, door };
      journal.note(`${id} init`);
      const refs = children.map((child) =>
        ctx.spawn(Subject, { id: child, ...common, ...props?.[child] }, settings),
      );
      return { refs, reply: null as Reply<string> | null };
    },
    cast: {
      fail(_ctx, message: string): void {
        throw new Error(message);
      },
      end: (ctx, reason?: string): void => ctx.stop(reason),
    },
    call: {
      children: (ctx): unknown => ctx.state.refs as readonly RefOf<typeof Subject>[],
      size: (ctx) => ctx.children.size,
      keep(ctx): Reply<string> {
        ctx.state.reply = ctx.defer<string>();
        return ctx.state.reply;
      },
      async stopAll(ctx): Promise<number> {
        await ctx.children.stopAll();
        return ctx.children.size;
      },
    },
    ...(listens
      ? {
          onChild(ctx: { props: ParentProps }, event: { kind: string; name: string }): void {
            ctx.props.journal.note(`${ctx.props.id}: child ${event.kind}`);
          },
        }
      : {}),
    exit({ props: { id, journal }, state }, { kind }): void {
      const owed = state?.reply?.isOpen === true ? ", call open" : "";
      journal.note(`${id} down: ${kind}${owed}`);
    },
  });
}

export const Parent = parentOf("parent", {});
export const Quiet = parentOf("quiet", {}, false);
export const AllForOne = parentOf("all", { strategy: "oneForAll" });
export const RestForOne = parentOf("rest", { strategy: "restForOne" });
export const Strict = parentOf("strict", { intensity: { max: 1, within: 60_000 } });
export const EndsWithAny = parentOf("any", { autoShutdown: "any" });
export const EndsWithAll = parentOf("every", { autoShutdown: "all" });
