import type { BootName, RosterEntry } from '@kafclaw/tasks'
import type { GroupState } from './group-state.ts'
import type { StoredTask, TaskStore } from './task-store.ts'

/** The zone as a member sees it; in memory, up to date as of the last commit. */
export interface GroupView {
  openTasks(): Iterable<StoredTask>
  /** Agents and services whose last beat is younger than a lease by the clock of the log. */
  live(): RosterEntry[]
  isAbsent(other: BootName): boolean
  isServedByGroup(skill: string): boolean
  leaseMs(): number
  /** Epoch milliseconds by the clock of the log. */
  clockMs(): number
}

export function viewGroup(group: GroupState, tasks: TaskStore): GroupView {
  return {
    openTasks: () => tasks.open(),
    live: () => group.roster.live(),
    isAbsent: (other) => group.absence.isAbsent(other),
    isServedByGroup: group.isServedByGroup,
    leaseMs: group.leaseMs,
    clockMs: () => group.roster.clockMs(),
  }
}
