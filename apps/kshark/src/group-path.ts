import type { Check } from './check.ts'
import { checkClock } from './checks/clock.ts'
import { checkCluster } from './checks/cluster.ts'
import { checkGroups } from './checks/groups.ts'
import { checkListeners } from './checks/listeners.ts'
import { checkProbe } from './checks/probe.ts'
import { checkRoster } from './checks/roster.ts'
import { checkTopics } from './checks/topics.ts'
import { checkWork } from './checks/work.ts'
import { checkZone } from './checks/zone.ts'
import type { GroupSubject } from './group-subject.ts'

/** The cluster behind the brokers, then the group on it. */
export const GROUP_CHECKS: ReadonlyArray<Check<GroupSubject>> = [
  { layer: 'cluster', needs: [], run: checkCluster },
  { layer: 'listeners', needs: ['cluster'], run: checkListeners },
  { layer: 'zone', needs: ['listeners'], run: checkZone },
  { layer: 'topics', needs: ['listeners'], run: checkTopics },
  { layer: 'roster', needs: ['zone'], run: checkRoster },
  { layer: 'groups', needs: ['listeners'], run: checkGroups },
  { layer: 'work', needs: ['listeners'], run: checkWork },
  { layer: 'probe', needs: ['listeners'], run: checkProbe },
  { layer: 'clock', needs: ['probe'], run: checkClock },
]
