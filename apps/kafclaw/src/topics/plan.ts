import { AppError, parseTopicName, TASK_PARTITIONS, topicName } from '@kafclaw/envelope'
import { type Host, plannedTopics, readZone } from '@kafclaw/runtime'
import type { PlanOptions } from '../commands/topics.ts'

/** What one topic must be and what it is. */
export interface TopicPlan {
  topic: string
  partitions: number
  configs: Readonly<Record<string, string>>
  state: 'missing' | 'right' | 'different'
  /** One sentence for each difference. */
  differences: string[]
}

/** Compares the topics of the zone, those of its skills included, with the table. Changes nothing. */
export async function comparePlan(
  host: Host,
  options: { skills: readonly string[]; partitions?: number },
): Promise<TopicPlan[]> {
  const { log, settings } = host
  const names = await log.listTopics()
  const known = names.includes(topicName(settings, 'control_zones')) ? await readZone(log, settings) : null
  const partitions = options.partitions ?? known?.partitions ?? TASK_PARTITIONS
  const skills = [...new Set([...options.skills, ...skillsOf(names, settings)])].toSorted()
  const wanted = plannedTopics(settings, { partitions, skills })
  const there = new Map(
    (await log.describe(wanted.map(({ name }) => name).filter((name) => names.includes(name)))).map((topic) => [
      topic.name,
      topic,
    ]),
  )
  return wanted.map(({ name, partitions: count, configs }) => {
    const actual = there.get(name)
    if (!actual) return { topic: name, partitions: count, configs, state: 'missing', differences: [] }
    const differences = [
      ...(actual.partitions === count ? [] : [`has ${actual.partitions} partitions, must have ${count}`]),
      ...Object.entries(configs)
        .filter(([config, value]) => actual.configs[config] !== value)
        .map(([config, value]) => `${config} is ${actual.configs[config] ?? 'not set'}, must be ${value}`),
    ]
    return {
      topic: name,
      partitions: count,
      configs,
      state: differences.length === 0 ? 'right' : 'different',
      differences,
    }
  })
}

function skillsOf(names: readonly string[], scope: { group: string; zone: string }): string[] {
  return names.flatMap((name) => {
    const topic = parseTopicName(name)
    const isOurs = topic?.kind === 'skill_requests' && topic.group === scope.group && topic.zone === scope.zone
    return isOurs && topic.skill !== null ? [topic.skill] : []
  })
}

/** The options of `plan` and `apply`, read. Error: KC_USAGE. */
export function readPlanOptions({ skill, partitions }: PlanOptions): { skills: string[]; partitions?: number } {
  if (partitions === undefined) return { skills: skill ?? [] }
  if (/^[1-9]\d{0,3}$/.test(partitions)) return { skills: skill ?? [], partitions: Number(partitions) }
  throw new AppError('KC_USAGE', `"${partitions}" is no count of partitions: --partitions takes a whole number from 1.`)
}
