import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KAFKA_VERSION } from './version.ts'

export interface ClassArchive {
  jvmArgs: string[]
  /** True when this run writes the archive at its exit, which must then be a graceful one. */
  records: boolean
  /** Moves a freshly written archive into the cache; call it after the exit of the JVM. */
  keep(): void
}

/**
 * Class data of a broker that ran before: with it a start takes half the time (JEP 310 and 350).
 * One archive per Java build and class path; the JVM ignores an archive that does not fit.
 */
export function classArchive(options: { cacheDir: string; dataDir: string; fingerprint: string }): ClassArchive {
  const digest = createHash('sha256').update(options.fingerprint).digest('hex').slice(0, 12)
  const kept = join(options.cacheDir, `kafka-${KAFKA_VERSION}`, `classes-${digest}.jsa`)
  if (existsSync(kept)) return { jvmArgs: [`-XX:SharedArchiveFile=${kept}`], records: false, keep: () => {} }
  const written = join(options.dataDir, 'classes.jsa')
  return {
    jvmArgs: [`-XX:ArchiveClassesAtExit=${written}`],
    records: true,
    keep() {
      if (!existsSync(written)) return
      const scratch = `${kept}.${process.pid}`
      mkdirSync(dirname(kept), { recursive: true })
      // The data folder may lie on another file system, so copy first; the rename makes it visible at once and whole.
      copyFileSync(written, scratch)
      renameSync(scratch, kept)
      rmSync(written)
    },
  }
}
