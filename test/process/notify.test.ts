import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { createSystem } from "troupe";
import { notify, notifyProgram, serviceManager, unixDatagrams } from "troupe/process";
import { eventually, folder } from "../fs/folder.ts";

function isThere(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A service manager's end, as Python has it: Node has no Unix datagrams. */
const RECEIVER = `
import socket, sys
name = sys.argv[1]
inlet = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
inlet.bind("\\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
while True:
    print(repr(inlet.recv(4096).decode()), flush=True)
`;

const hasBoth = isThere("python3", "--version") && isThere("systemd-notify", "--version");
const why = hasBoth ? "" : " (skipped: needs python3 and systemd-notify)";

async function receive(socket: string): Promise<{ messages: string[] } & AsyncDisposable> {
  const child = spawn("python3", ["-c", RECEIVER, socket]);
  const messages: string[] = [];
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    messages.length = 0;
    for (const line of text.split("\n").slice(1, -1)) {
      const message = line.slice(1, -1).replaceAll(String.raw`\n`, "\n");
      // By which systemd-notify waits until the one before has been read.
      if (message !== "BARRIER=1") messages.push(message);
    }
  });
  await eventually(() => text.startsWith("bound\n"));
  return {
    messages,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

test.skipIf(!hasBoth)(`a real receiver hears what systemd-notify carries${why}`, async () => {
  using dir = folder();
  const path = dir.at("notify");
  for (const socket of [path, `@${path}`]) {
    await using receiver = await receive(socket);
    vi.stubEnv("NOTIFY_SOCKET", socket);
    expect(await notify({ STATUS: "one = two; três", EXTEND_TIMEOUT_USEC: 5 })).toBe(true);
    await using system = createSystem();
    const environment = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "3600000000" };
    const manager = system.spawn(serviceManager({ environment }));
    await eventually(async () => (await manager.report()).sent === 2);
    await system.stop();
    vi.unstubAllEnvs();
    await eventually(() => receiver.messages.length === 4);
    expect(receiver.messages).toEqual([
      "STATUS=one = two; três\nEXTEND_TIMEOUT_USEC=5",
      "READY=1",
      "WATCHDOG=1",
      "STOPPING=1",
    ]);
  }
});

test("notify: without a service manager there is nobody to tell; a message that cannot be sent rejects", async () => {
  vi.stubEnv("NOTIFY_SOCKET", undefined);
  expect(await notify({ READY: 1 })).toBe(false);
  vi.stubEnv("NOTIFY_SOCKET", "/no/such/socket");
  await expect(notify({ READY: 1 }, notifyProgram("no-such-program"))).rejects.toThrow("ENOENT");
  await expect(notify({ READY: 1 }, notifyProgram("false"))).rejects.toThrow("false");
  await expect(notify({ "not a key": 1 })).rejects.toThrow('"not a key" is no key');
  vi.unstubAllEnvs();
});

/** As the native package, which is not installed here. */
function fakeModule(fail?: Error) {
  const sent: unknown[] = [];
  let open = 0;
  return {
    sent,
    open: () => open,
    createSocket(type: "unix_dgram") {
      open++;
      return {
        on: () => {},
        send(
          bytes: Buffer,
          offset: number,
          length: number,
          path: string,
          done: (error?: Error) => void,
        ) {
          sent.push([type, bytes.subarray(offset, offset + length).toString(), path]);
          done(fail);
        },
        close: () => void open--,
      };
    },
  };
}

test("the native package is handed a datagram, and its socket is closed again", async () => {
  const module = fakeModule();
  const transport = unixDatagrams(module);
  await transport.send("READY=1", "/run/notify");
  expect(module.sent).toEqual([["unix_dgram", "READY=1", "/run/notify"]]);
  await expect(transport.send("READY=1", "@abstract")).rejects.toThrow("abstract address");
  const broken = fakeModule(new Error("send -2"));
  await expect(unixDatagrams(broken).send("READY=1", "/none")).rejects.toThrow("send -2");
  expect([module.open(), broken.open()]).toEqual([0, 0]);
});
