import { renameSync } from 'node:fs'
import type { Env } from '@kafclaw/env'
import type { RecordPlace } from '@kafclaw/envelope'
import type { FollowedRows } from '@kafclaw/runtime'
import type { Db, Disk } from '@kafclaw/storage'
import { createAuditStore } from './audit-store.ts'
import type { AuditEvents } from './events.ts'

/** The database of the sink. What was kept is never deleted: the audit of another log is set aside under another name. */
export interface AuditFile {
  readonly rows: FollowedRows
  isKept(place: RecordPlace): boolean
  db(): Db
  close(): void
}

/** Opens or makes the file; its folder must be held by this process. */
export function openAuditFile(options: { path: string; disk: Disk; env: Env; events: AuditEvents }): AuditFile {
  const { path, disk, env, events } = options
  const open = () => {
    const db = disk.open(path, 'audit')
    return { db, store: createAuditStore({ db, env, events }) }
  }
  let current = open()
  return {
    db: () => current.db,
    isKept: (place) => current.store.isKept(place),
    close: () => current.db.close(),
    rows: {
      clusterId: () => current.store.clusterId(),
      setClusterId: (clusterId) => current.store.setClusterId(clusterId),
      position: (topic, partition) => current.store.position(topic, partition),
      take: (batches) => current.store.take(batches),
      beginAnew(why) {
        const aside = path.replace(/(\.db)?$/, `-until-${env.now()}.db`)
        current.db.close()
        renameSync(path, aside)
        current = open()
        events.setAside(aside, why)
      },
    },
  }
}
