import { existsSync, readdirSync } from 'node:fs'
import type { Host, MemberFiles } from '@kafclaw/runtime'

/** A service that keeps files on this machine, by the id under which it takes part. */
export interface ServiceFolder extends MemberFiles {
  id: string
}

/** The agents and services of the group that have files here, whether they run or not. */
export function serviceFolders({ data }: Host): ServiceFolder[] {
  if (!existsSync(data.groupFolder)) return []
  return readdirSync(data.groupFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ id: name, ...data.member(name) }))
    .filter(({ stateDb }) => existsSync(stateDb))
    .toSorted((a, b) => a.id.localeCompare(b.id))
}
