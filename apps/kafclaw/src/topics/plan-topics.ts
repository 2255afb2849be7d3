import { EXIT } from '@kafclaw/runtime'
import type { PlanOptions } from '../commands/topics.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { type Column, renderTable } from '../output/table.ts'
import { comparePlan, readPlanOptions, type TopicPlan } from './plan.ts'

const COLUMNS: ReadonlyArray<Column<TopicPlan>> = [
  { title: 'TOPIC', value: ({ topic }) => topic },
  { title: 'PARTITIONS', value: ({ partitions }) => partitions, align: 'right' },
  { title: 'STATE', value: ({ state }) => (state === 'missing' ? 'to create' : state) },
  { title: 'SETTINGS', value: noteOf },
]

/** Shows what `topics apply` would do. */
export async function planTopics(invocation: Invocation, options: PlanOptions): Promise<number> {
  const wanted = readPlanOptions(options)
  await using host = openGroup(invocation)
  const plan = await comparePlan(host, wanted)
  showPlan(invocation.output, plan)
  const missing = plan.filter(({ state }) => state === 'missing').length
  invocation.output.note(missing === 0 ? 'nothing to create' : `${missing} to create, with: ${applyCall(options)}`)
  return EXIT.done
}

/** The command that does what was planned. */
function applyCall({ skill = [], partitions }: PlanOptions): string {
  const flags = [
    ...skill.map((name) => `--skill ${name}`),
    ...(partitions === undefined ? [] : [`--partitions ${partitions}`]),
  ]
  return ['kafclaw topics apply', ...flags].join(' ')
}

export function showPlan(output: Output, plan: readonly TopicPlan[]): void {
  output.data(plan, () => renderTable(COLUMNS, plan, output))
}

function noteOf({ state, configs, differences }: TopicPlan): string {
  if (state === 'different') return differences.join('; ')
  return Object.entries(configs)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
