import { join } from 'node:path'

/** Files of one agent or service. */
export interface MemberFiles {
  folder: string
  stateDb: string
  memoryDb: string
  auditDb: string
}

/** Members that have an id of their own in each data folder. */
export type MemberKind = 'agent' | 'audit-sink' | 'orchestrator'

/** Where a group keeps its files on this machine. */
export interface DataFolder {
  /** `<data>/<group>` */
  groupFolder: string
  /** The embedded log, shared by all processes of the group. */
  logDb: string
  /** Holds the id that was made for the member; its name has a dot, which no member's folder can have. */
  idFile(kind: MemberKind): string
  /** Files of the agent or service with that id, `<data>/<group>/<id>/{state,memory,audit}.db`. */
  member(id: string): MemberFiles
}

/** Lays out the data folder of a group; makes nothing. */
export function createDataFolder({ dataDir, group }: { dataDir: string; group: string }): DataFolder {
  const groupFolder = join(dataDir, group)
  return {
    groupFolder,
    logDb: join(groupFolder, 'log.db'),
    idFile: (kind) => join(groupFolder, `${kind}.id`),
    member(id) {
      const folder = join(groupFolder, id)
      return {
        folder,
        stateDb: join(folder, 'state.db'),
        memoryDb: join(folder, 'memory.db'),
        auditDb: join(folder, 'audit.db'),
      }
    },
  }
}
