import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CannotRun } from './cannot-run.ts'

/** A disk of a few MiB that can be filled to the last byte. */
export interface SmallDisk extends Disposable {
  readonly folder: string
  fill(): void
  /** Takes away what `fill` has put there. */
  free(): void
}

const PIECE = Buffer.alloc(64 * 1024)

/** Mounts a tmpfs on the folder, which takes root. Throws CannotRun where that is refused. */
export async function mountSmallDisk(folder: string, mib: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder], {
    encoding: 'utf8',
  })
  if (status !== 0)
    throw new CannotRun(`a tmpfs cannot be mounted (run as root on Linux): ${(stderr ?? 'no mount here').trim()}`)
  // The folder above cannot be removed before; -l also when a process still looks at it.
  const unmount = (): void => void spawnSync('umount', ['-l', folder])
  process.once('exit', unmount)
  const filler = join(folder, 'filler')
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a')
      try {
        // From large pieces to single bytes: nothing is left.
        for (let size = PIECE.length; size >= 1; ) {
          if (!wrote(file, PIECE.subarray(0, size))) size = Math.floor(size / 16)
        }
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler, { force: true }),
    [Symbol.dispose]() {
      process.off('exit', unmount)
      unmount()
    },
  }
}

function wrote(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) > 0
  } catch {
    return false
  }
}
