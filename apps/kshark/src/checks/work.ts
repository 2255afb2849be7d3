import { offsetGroupName } from '@kafclaw/envelope'
import { skipped, type Verdict } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'
import { measureLag } from '../probes/measure-lag.ts'
import { judgeLag } from './lag.ts'

/** Requests of the zone without claim and outcome, as its offset group tells them to the outside. */
export async function checkWork(subject: GroupSubject): Promise<Verdict[]> {
  const { scope, log, env } = subject
  const name = offsetGroupName(scope, 'work')
  // The line about groups has the reason.
  const groups = await subject.consumerGroups().catch(() => null)
  if (groups === null) return [skipped(name, 'consumer groups cannot be looked at')]
  const committed = groups.find(({ groupId }) => groupId === name)?.committed ?? []
  if (committed.length === 0) return [skipped(name, 'nobody commits its offsets yet')]
  const topics = await measureLag(log, env, committed)
  return [judgeLag({ name, topics, members: null, serves: new Set(topics.map(({ topic }) => topic)) })]
}
