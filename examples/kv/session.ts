/** One client's state, and the commands that are about it. */
import type { InitContext } from "troupe";
import type { Connection } from "troupe/net";
import { echo, ping, select, unknownSubcommand } from "./commands-connection.ts";
import type { SyncPolicy } from "./journal.ts";
import { publish, Subscriptions } from "./pubsub.ts";
import { array, bulk, bulkArray, error, integer, NULL_BULK, OK } from "./resp.ts";
import { command, config, hello } from "./server-info.ts";
import { SYNTAX, wrongArity } from "./store/errors.ts";

const NO_PASSWORD = error(
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
);
const WRONG_PASSWORD = error("WRONGPASS invalid username-password pair or user is disabled.");
const BAD_NAME = error("ERR Client names cannot contain spaces, newlines or special characters.");

const WHILE_SUBSCRIBED: ReadonlySet<string> = new Set([
  "subscribe",
  "unsubscribe",
  "psubscribe",
  "punsubscribe",
  "ping",
  "quit",
  "reset",
]);

/** What others notice of: commands sent before must have had their effect. */
const AFTER_ALL_BEFORE: ReadonlySet<string> = new Set(["publish", "quit"]);

export function waitsForOthers(name: string): boolean {
  return AFTER_ALL_BEFORE.has(name);
}

export class Session {
  /** Set by QUIT: the connection ends when this has been answered. */
  isOver = false;
  readonly #ctx: InitContext<Connection>;
  readonly #connection: Connection;
  readonly #sync: SyncPolicy;
  readonly #subscriptions: Subscriptions;
  #name = "";

  constructor(ctx: InitContext<Connection>, connection: Connection, sync: SyncPolicy) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#sync = sync;
    this.#subscriptions = new Subscriptions(ctx, (text) => connection.write(text, "latin1"));
  }

  /** The reply to a command that is not allowed now; undefined when it is. */
  refuse(name: string): string | undefined {
    if (this.#subscriptions.count === 0 || WHILE_SUBSCRIBED.has(name)) return undefined;
    return error(
      `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
    );
  }

  /** Answers a command about the connection; `name` is in lower case, and the arity is right. */
  answer(name: string, args: readonly string[]): string {
    switch (name) {
      case "ping":
        return this.#ping(args);
      case "echo":
        return echo(args);
      case "select":
        return select(args);
      case "quit":
        this.isOver = true;
        return OK;
      case "publish":
        return integer(publish(this.#ctx, args[1]!, args[2]!));
      case "subscribe":
      case "psubscribe":
        return this.#subscriptions.subscribe(name, args.slice(1));
      case "unsubscribe":
        return this.#subscriptions.unsubscribe("subscribe", args.slice(1));
      case "punsubscribe":
        return this.#subscriptions.unsubscribe("psubscribe", args.slice(1));
      case "client":
        return this.#client(args);
      case "hello":
        return this.#hello(args);
      case "config":
        return config(args, this.#sync);
      case "command":
        return command(args);
      case "auth":
        return auth(args);
      case "reset":
        return this.#reset();
      case "time":
        return time();
      default:
        return unknownSubcommand(args);
    }
  }

  #ping(args: readonly string[]): string {
    if (this.#subscriptions.count === 0 || args.length > 2) return ping(args);
    return bulkArray(["pong", args[1] ?? ""]);
  }

  #client(args: readonly string[]): string {
    const subcommand = args[1]!.toLowerCase();
    const arity = { setname: 3, setinfo: 4, "no-evict": 3, "no-touch": 3 }[subcommand] ?? 2;
    if (args.length !== arity && subcommand !== "list") return wrongArity(`client|${subcommand}`);
    switch (subcommand) {
      case "id":
        return integer(this.#connection.id);
      case "getname":
        return this.#name === "" ? NULL_BULK : bulk(this.#name);
      case "setname":
        return this.#setName(args[2]!);
      case "info":
      case "list":
        return bulk(`${this.#describe()}\n`);
      case "setinfo":
      case "no-evict":
      case "no-touch":
        return OK;
      default:
        return unknownSubcommand(args);
    }
  }

  #describe(): string {
    const { id, remote, local } = this.#connection;
    const from = `${remote.address}:${remote.port}`;
    const to = `${local.address}:${local.port}`;
    return `id=${id} addr=${from} laddr=${to} name=${this.#name} db=0 sub=${this.#subscriptions.count} resp=2`;
  }

  #setName(name: string): string {
    if (!/^[!-~]*$/.test(name)) return BAD_NAME;
    this.#name = name;
    return OK;
  }

  #hello(args: readonly string[]): string {
    let name: string | undefined;
    for (let at = 2; at < args.length;) {
      const option = args[at]!.toLowerCase();
      if (option === "auth" && at + 2 < args.length) {
        if (args[at + 1] !== "default") return WRONG_PASSWORD;
        at += 3;
      } else if (option === "setname" && at + 1 < args.length) {
        name = args[at + 1]!;
        at += 2;
      } else return SYNTAX;
    }
    const reply = hello(args, this.#connection.id);
    const named = reply.startsWith("-") || name === undefined ? OK : this.#setName(name);
    return named === OK ? reply : named;
  }

  #reset(): string {
    this.#subscriptions.clear();
    this.#name = "";
    return "+RESET\r\n";
  }
}

function auth(args: readonly string[]): string {
  if (args.length > 3) return SYNTAX;
  if (args.length === 2) return NO_PASSWORD;
  return args[1] === "default" ? OK : WRONG_PASSWORD;
}

function time(): string {
  const now = Date.now();
  const micros = (now % 1000) * 1000;
  return array([bulk(String(Math.floor(now / 1000))), bulk(String(micros))]);
}
