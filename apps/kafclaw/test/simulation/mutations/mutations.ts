import type { AgentOptions } from '@kafclaw/agent-worker'
import type { Fault } from '../faults.ts'
import type { Breach } from '../world.ts'

type JournalRules = NonNullable<AgentOptions['journalRules']>

interface Broken {
  /** What has to go wrong for it to be found soon. */
  readonly only: readonly Fault[]
  /** The first seed that finds it, as far as is known: from there on it is looked for. */
  readonly seed: number
  /** Promises of which one at least is broken then. */
  readonly breaks: readonly Breach[]
}

/** A rule that the product can be told to leave out. */
interface FlagMutation extends Broken {
  readonly rule: keyof JournalRules
}

/** A rule switched off by other words in one source. */
interface SourceMutation extends Broken {
  /** From the root of the repository. */
  readonly file: string
  /** Text that stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/**
 * Rules of the product without which some seed must break a promise. The first intent (R4) is not among them, because a run
 * that is fenced never comes to a second one that counts: it stands in packages/tasks/test/journal.test.ts.
 */
export const MUTATIONS = {
  'fence on traces': {
    only: ['zombie'],
    seed: 104,
    rule: 'fence',
    breaks: ['effect twice', 'a finished step was done again'],
  },
  'reading the intent back': { only: ['zombie', 'lostAck'], seed: 1, rule: 'readBack', breaks: ['effect twice'] },
  settle: { only: ['crash'], seed: 2, rule: 'settle', breaks: ['effect twice'] },
  'in doubt after a timeout': { only: ['fickle'], seed: 2, rule: 'doubtAfterTimeout', breaks: ['effect twice'] },
  journal_from: {
    only: ['crash', 'lostDisk', 'pause'],
    seed: 10,
    rule: 'journalFrom',
    breaks: ['effect twice', 'a finished step was done again'],
  },
  'first decision': {
    only: ['crash', 'pause'],
    seed: 4,
    file: 'packages/tasks/src/fold-approval.ts',
    find: 'return state.decision === null ? { ...state, decision: envelope } : state',
    replace: 'return { ...state, decision: envelope }',
    breaks: ['effect twice', 'answer without effect'],
  },
  'what a state file has seen sent': {
    only: ['oldDisk'],
    seed: 22,
    file: 'packages/runtime/src/journal/resume-run.ts',
    find: 'isOfThisBoot ? readFrom : Math.min(readFrom, sentBefore)',
    replace: 'readFrom',
    breaks: ['effect twice', 'a finished step was done again'],
  },
  'outbox delete after ack': {
    only: ['crash', 'lostAck'],
    seed: 4,
    file: 'packages/runtime/src/outbox-relay.ts',
    find: 'const places = await publisher.publish(entries.map((entry) => entry.record))',
    replace: `options.onAcknowledged(pairUp(entries, entries.map(({ record }) => ({ topic: record.topic, partition: record.partition, offset: 0 }))))
      const places = await publisher.publish(entries.map((entry) => entry.record))`,
    breaks: ['no outcome', 'timeline differs'],
  },
  'single flight of the producer': {
    only: ['lostAck'],
    seed: 5,
    file: 'packages/runtime/src/outbox-relay.ts',
    find: `        await send(queue.slice(0, count))
        queue = queue.slice(count)
`,
    replace: `        const entries = queue.slice(0, count)
        queue = queue.slice(count)
        void (async () => {
          for (;;) try { return await send(entries) } catch { await sleep(env, 50, stopping.signal) }
        })()
`,
    breaks: ['sent out of order'],
  },
  'dead letter': {
    only: ['poison'],
    seed: 1,
    file: 'packages/runtime/src/ingest.ts',
    find: "if (decoded.kind === 'poison') options.poison(record, decoded)",
    replace: "if (decoded.kind === 'poison') events.skipped('poison')",
    breaks: ['missing dead letter'],
  },
  "deriving the child's id": {
    only: ['crash', 'pause', 'stop'],
    seed: 1,
    file: 'packages/tools/src/derived-id.ts',
    find: 'return deriveTaskId([call.taskId,',
    replace: 'return deriveTaskId([call.runId,',
    breaks: ['asked twice'],
  },
} as const satisfies Readonly<Record<string, FlagMutation | SourceMutation>>

export type MutationName = keyof typeof MUTATIONS

export function isMutationName(name: string): name is MutationName {
  return Object.hasOwn(MUTATIONS, name)
}

/** Options for a run without the rule; none where the rule is switched off in its source. */
export function rulesWithout(name: string | undefined): { journalRules?: JournalRules } {
  if (name === undefined || !isMutationName(name)) return {}
  const mutation = MUTATIONS[name]
  return 'rule' in mutation ? { journalRules: { [mutation.rule]: false } } : {}
}
