import { AppError, formatTimestamp } from '@kafclaw/envelope'
import { EXIT, type Host, parseDuration } from '@kafclaw/runtime'
import { countingRequest } from '@kafclaw/tasks'
import type { TasksOptions } from '../commands/tasks.ts'
import { openGroup } from '../group/open-group.ts'
import { readToEnd } from '../group/read-to-end.ts'
import { requireTopics } from '../group/require-topics.ts'
import { watchRows } from '../group/watch-rows.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { createTaskList, type ListedTask, taskTopics } from './fold-tasks.ts'

/** Lists the tasks of the zone, newest first; with `watch` again and again. */
export async function tasks(invocation: Invocation, options: TasksOptions): Promise<number> {
  const limit = readLimit(options.limit)
  const sinceMs = options.since === undefined ? null : parseDuration(options.since)
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const { topics: names, zone } = await requireTopics(host)
  const topics = taskTopics(names, host.settings)
  const position = sinceMs === null ? () => 'start' as const : await positionsSince(host, topics, env.now() - sinceMs)
  const list = createTaskList(zone)
  const wanted = (): ListedTask[] =>
    list
      .all()
      .filter((entry) => options.state === undefined || stateOf(entry) === options.state)
      .toSorted((a, b) => b.askedMs - a.askedMs)
  const toText = (rows: readonly ListedTask[]): string => renderTable(columns(env.now()), rows, output)
  if (options.watch) {
    return await watchRows(invocation, host, {
      topics: async () => taskTopics(await host.log.listTopics(), host.settings),
      position,
      onRecord: list.fold,
      rows: wanted,
      limit,
      keyOf: ({ task }) => task.taskId,
      toJson,
      toText,
    })
  }
  await readToEnd(host.log, topics, { position, onRecord: list.fold })
  const all = wanted()
  const shown = all.slice(0, limit)
  output.data(shown.map(toJson), () => toText(shown))
  if (all.length > shown.length) output.note(`${all.length - shown.length} more; see --limit and --since`)
  return EXIT.done
}

export function readLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new AppError('KC_USAGE', `"${text}" is no count: --limit takes a whole number from 1.`)
}

async function positionsSince(
  { log }: Host,
  topics: readonly string[],
  fromMs: number,
): Promise<(topic: string, partition: number) => number | 'start'> {
  const offsets = await log.offsetsAt(topics, fromMs)
  const known = new Map(offsets.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  return (topic, partition) => known.get(`${topic}/${partition}`) ?? 'start'
}

export function stateOf({ task }: Pick<ListedTask, 'task'>): 'open' | 'claimed' | 'ended' {
  if (task.outcome) return 'ended'
  return task.claim && task.released === null ? 'claimed' : 'open'
}

function columns(nowMs: number): ReadonlyArray<Column<ListedTask>> {
  return [
    { title: 'TASK', value: ({ task }) => task.taskId },
    { title: 'STATE', value: (entry) => entry.task.outcome?.status ?? stateOf(entry) },
    { title: 'AGE', value: ({ askedMs }) => formatAge(nowMs - askedMs), align: 'right' },
    { title: 'SKILL', value: skillOf },
    { title: 'FROM', value: ({ request }) => request?.sender_id ?? null },
    { title: 'AGENT', value: agentOf },
    { title: 'CONTENT', value: ({ request }) => request?.payload.content ?? null },
  ]
}

function skillOf({ task, request }: ListedTask): string | null {
  return countingRequest(task)?.skill ?? request?.payload.skill ?? null
}

/** Who ended it, who has it, or for whom it is meant. */
function agentOf({ task, request }: ListedTask): string | null {
  if (task.outcome) return task.outcome.senderId
  return (task.released === null ? task.claim?.agentId : null) ?? request?.recipient_id ?? null
}

function toJson(entry: ListedTask) {
  const { task, request } = entry
  return {
    task_id: task.taskId,
    state: stateOf(entry),
    status: task.outcome?.status ?? null,
    skill: skillOf(entry),
    sender_id: request?.sender_id ?? null,
    recipient_id: request?.recipient_id ?? null,
    parent_task_id: request?.payload.parent_task_id ?? null,
    agent_id: agentOf(entry),
    attempt: task.claim?.attempt ?? null,
    asked_at: formatTimestamp(entry.askedMs),
    ended_at: entry.endedMs === null ? null : formatTimestamp(entry.endedMs),
    expires_at: request?.expires_at ?? null,
    requests: task.requests.map(({ place }) => place),
    content: request?.payload.content ?? null,
  }
}
