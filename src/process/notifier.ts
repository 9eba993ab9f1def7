import type { ActorLog } from "../index.ts";
import { toMessage, type Notification, type NotifyTransport } from "./notify.ts";

/** Tells the service manager what there is to tell, one after the other; counts what became of it. */
export class Notifier {
  sent = 0;
  failed = 0;
  lastError: string | undefined;
  readonly socket: string | undefined;
  readonly #transport: NotifyTransport;
  readonly #log: ActorLog;
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: string | undefined, transport: NotifyTransport, log: ActorLog) {
    this.socket = socket === "" ? undefined : socket;
    this.#transport = transport;
    this.#log = log;
  }

  /** Resolves when it was sent, or could not be: that is logged, and fails nobody. */
  tell(notification: Notification): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return Promise.resolve();
    const message = toMessage(notification);
    const done = this.#last.then(async () => {
      try {
        await this.#transport.send(message, socket);
        this.sent++;
      } catch (error) {
        this.failed++;
        this.lastError = error instanceof Error ? error.message : String(error);
        const { name: by } = this.#transport;
        this.#log.error("the service manager was not told", { message, by, error: this.lastError });
      }
    });
    this.#last = done;
    return done;
  }
}
