import {
  actor,
  callAll,
  createSystem,
  group,
  implement,
  nameOf,
  stop,
  topic,
  type ActorDef,
  type Group,
  type Topic,
} from "troupe";

interface Said {
  readonly by: string;
  readonly text: string;
}

/** A room is two things: a topic for what is said in it, and a group of those who are there. */
interface Room {
  readonly name: string;
  readonly said: Topic<Said>;
  readonly people: Group<Member>;
}

interface Member {
  enter(room: Room): void;
  leave(room: Room): void;
  say(room: Room, text: string): void;
  /** Resolves when all that was sent before has been seen to. */
  idle(): Promise<void>;
}

const Member: ActorDef<Member> = implement<Member>()({
  name: "member",
  init: () => new Map<string, Disposable>(),
  cast: {
    enter(ctx, { name, said, people }) {
      ctx.join(people);
      const hear = ({ by, text }: Said): void => {
        console.log(`  ${ctx.name} hears ${by} in the ${name}: ${text}`);
      };
      // Nobody listens to himself.
      ctx.state.set(name, ctx.subscribe(said, hear, { when: ({ by }) => by !== ctx.name }));
    },
    leave(ctx, { name, people }) {
      ctx.leave(people);
      ctx.state.get(name)?.[Symbol.dispose]();
      ctx.state.delete(name);
    },
    say(ctx, { said }, text) {
      ctx.publish(said, { by: ctx.name, text });
    },
  },
  call: { idle: () => {} },
});

function roomNamed(name: string): Room {
  return { name, said: topic(`said in the ${name}`), people: group(Member, name, "rooms") };
}

/** Sees who comes and goes, as a doorkeeper does. */
const Doorkeeper = actor({
  name: "doorkeeper",
  init: (ctx) => void ctx.watchGroup({ scope: "rooms" }),
  onGroup: (_ctx, { ref, kind, name }) => console.log(`  ${nameOf(ref)} has ${kind} the ${name}`),
});

await using system = createSystem();
system.spawn(Doorkeeper);
const joe = system.spawn(Member, undefined, { name: "Joe" });
const mike = system.spawn(Member, undefined, { name: "Mike" });
const robert = system.spawn(Member, undefined, { name: "Robert" });
const all = [joe, mike, robert];

const kitchen = roomNamed("kitchen");
const garden = roomNamed("garden");

/** Lets everybody do what they were told, and hear what was said, before the next act. */
async function act(title: string, play: () => void): Promise<void> {
  console.log(title);
  play();
  // Once for what they do, once for what they hear of it; who has gone home does not answer.
  await callAll(all, (member) => member.idle());
  await callAll(all, (member) => member.idle());
  for (const { name, people } of [kitchen, garden]) {
    const there = system.group(people).members().map(nameOf);
    console.log(`  in the ${name}: ${there.join(", ") || "nobody"}`);
  }
}

await act("they come", () => {
  for (const member of all) member.enter(kitchen);
  robert.enter(garden);
});
await act("they talk", () => {
  joe.say(kitchen, "Hello, Mike");
  mike.say(kitchen, "Hello, Joe");
  joe.say(garden, "can you hear me?");
});
await act("Joe leaves", () => {
  joe.leave(kitchen);
  mike.say(kitchen, "is Joe still here?");
});
// Who ends leaves every room and every topic by itself.
await act("Robert goes home", () => void stop(robert));
