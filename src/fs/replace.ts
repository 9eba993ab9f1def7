import { open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkName } from "../kernel/options.ts";
import { createHostWorld } from "../world/host-world.ts";

const world = createHostWorld();

/** How `replaceFile` makes the new file. */
export interface ReplaceOptions {
  /** Permissions. Default: those of the file that is replaced, else 0o666 less the process's mask. */
  readonly mode?: number;
}

/**
 * Replaces a whole file such that readers find the old content or the new, never a part.
 *
 * Also after a power cut: it is written beside the old one, put on the disk, then renamed, and the
 * folder put on the disk. The new one is owned by this process's user. Rejects with the host's
 * error, and leaves the old file as it was.
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<void> {
  checkName("replaceFile: path", path ?? "");
  // What a link names is replaced, and not the link.
  const place = await realpath(path).catch(() => path);
  const old = options.mode === undefined ? await stat(place).catch(() => null) : null;
  const mode = options.mode ?? (old === null ? undefined : old.mode & 0o7777);
  const folder = dirname(place);
  const fresh = join(folder, `.${basename(place)}.${world.id()}.tmp`);
  try {
    await writeNew(fresh, data, mode);
    await rename(fresh, place);
  } catch (error) {
    await unlink(fresh).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

async function writeNew(path: string, data: string | Uint8Array, mode?: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    // The mask has its say in `open`.
    if (mode !== undefined) await file.chmod(mode);
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where the host can: Windows opens no folders. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => null);
  try {
    await folder?.sync();
  } catch {
    // The rename is done; that it outlives a power cut is more than this host can promise.
  } finally {
    await folder?.close();
  }
}
