import type { ActorLog } from "../index.ts";
import { createHostWorld } from "../world/host-world.ts";
import type { TimerHandle } from "../world/world.ts";
import { SEND_MS, toMessage, type Notification, type NotifyTransport } from "./notify.ts";

/** A message's time is the host's, also where that of the actors is not. */
const world = createHostWorld();

/** Tells the service manager what there is to tell, one after the other; counts what became of it. */
export class Notifier {
  sent = 0;
  failed = 0;
  lastError: string | undefined;
  readonly socket: string | undefined;
  readonly #transport: NotifyTransport;
  readonly #log: ActorLog;
  readonly #limitMs: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    socket: string | undefined,
    transport: NotifyTransport,
    log: ActorLog,
    limitMs: number = SEND_MS,
  ) {
    this.#limitMs = limitMs;
    this.socket = socket === "" ? undefined : socket;
    this.#transport = transport;
    this.#log = log;
  }

  /** True when it was sent; false where it could not be: that is logged, and fails nobody. */
  tell(notification: Notification): Promise<boolean> {
    const { socket } = this;
    if (socket === undefined) return Promise.resolve(false);
    const message = toMessage(notification);
    const done = this.#last.then(async () => {
      try {
        await this.#send(message, socket);
        this.sent++;
        return true;
      } catch (error) {
        this.failed++;
        this.lastError = error instanceof Error ? error.message : String(error);
        const { name: by } = this.#transport;
        this.#log.error("the service manager was not told", { message, by, error: this.lastError });
        return false;
      }
    });
    this.#last = done;
    return done;
  }

  async #send(message: string, socket: string): Promise<void> {
    let limit: TimerHandle;
    const tooLate = new Promise<never>((_resolve, reject) => {
      const fail = (): void => reject(new Error(`not sent within ${this.#limitMs} ms`));
      limit = world.setTimer(this.#limitMs, fail);
    });
    try {
      await Promise.race([this.#transport.send(message, socket), tooLate]);
    } finally {
      world.clearTimer(limit);
    }
  }
}
