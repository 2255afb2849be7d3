import { type Command, Option } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface PlanOptions {
  skill?: string[]
  partitions?: string
}

export interface ApplyCommandOptions extends PlanOptions {
  servedBy?: 'claim' | 'group'
  change?: true
}

const PLAN: Told = {
  summary: 'show what apply would create',
  description: 'Shows what `apply` would create, and what differs from the table. Changes nothing.',
}

const APPLY: Told = {
  summary: 'create what is missing; say who serves a skill',
  description:
    'Creates the topics that are missing and writes the record of the zone. With --served-by also who serves the skills: ' +
    '`claim`: agents that claim tasks; `group`: a program of yours, by its consumer group.',
}

export function addTopicsCommand(program: Command, run: RunAction): void {
  const topics = program
    .command('topics')
    .summary('create and check the topics of a group')
    .description(
      'The topics of a zone as the topic table has them (docs/topics.md). A service run by `start` never creates any.',
    )
  topics
    .command('list')
    .summary('list the topics of the group that are there')
    .description('Lists the topics of the group that are there, with their partitions and records.')
    .addHelpText('after', examples([['kafclaw topics list -o json', '']]))
    .action(() =>
      run(async (invocation) => {
        const { listTopics } = await import('../topics/list-topics.ts')
        return listTopics(invocation)
      }),
    )
  planned(topics.command('plan'), PLAN).action((options: PlanOptions) =>
    run(async (invocation) => {
      const { planTopics } = await import('../topics/plan-topics.ts')
      return planTopics(invocation, options)
    }),
  )
  planned(topics.command('apply'), APPLY, [
    ['kafclaw topics apply --skill invoice --served-by group', 'a program of yours serves it; agents leave it alone'],
    ['kafclaw topics apply --skill invoice --served-by claim --change', 'agents take it over from there on'],
  ])
    .addOption(new Option('--served-by <who>', 'who serves the skills that are named').choices(['claim', 'group']))
    .option('--change', 'let --served-by replace what stands there')
    .action((options: ApplyCommandOptions) =>
      run(async (invocation) => {
        const { applyGroupTopics } = await import('../topics/apply-group-topics.ts')
        return applyGroupTopics(invocation, options)
      }),
    )
  topics
    .command('check')
    .summary('compare the topics that are there with the table')
    .description('Compares the topics that are there with the table; a missing topic or a difference exits 1.')
    .addHelpText('after', examples([['kafclaw topics check', '']]))
    .action(() =>
      run(async (invocation) => {
        const { checkTopics } = await import('../topics/check-topics.ts')
        return checkTopics(invocation)
      }),
    )
  topics
    .command('accept')
    .summary('go on at the end of a topic that was rewound')
    .description(
      'For KC_LOG_REWOUND: the topic ends before the position that a service of this machine has read. Sets the ' +
        'positions of all its services on that topic to the end. Stop them first.',
    )
    .argument('<topic>', 'full name')
    .addHelpText('after', examples([['kafclaw topics accept group.acme.requests', '']]))
    .action((topic: string) =>
      run(async (invocation) => {
        const { acceptTopic } = await import('../topics/accept-topic.ts')
        return acceptTopic(invocation, topic)
      }),
    )
}

type Example = readonly [command: string, what: string]

interface Told {
  summary: string
  description: string
}

function planned(command: Command, { summary, description }: Told, more: readonly Example[] = []): Command {
  const call = `kafclaw topics ${command.name()}`
  return command
    .summary(summary)
    .description(description)
    .option('--skill <name>', 'with a topic of its own for this skill; may be given again', collect)
    .option('--partitions <count>', 'partitions of the task topics of a new zone, for life (default 6)')
    .addHelpText('after', examples([[call, ''], [`${call} --skill invoice`, ''], ...more]))
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}
