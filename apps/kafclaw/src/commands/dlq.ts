import { type Command, Option } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

/** Which of the bad records. */
export interface DlqFilters {
  code?: string
  topic?: string
  since?: string
  task?: string
  state?: 'open' | 'redriven' | 'discarded'
}

export interface DiscardOptions extends Omit<DlqFilters, 'state'> {
  again?: true
  reason?: string
}

export interface RedriveOptions extends DiscardOptions {
  dryRun?: true
}

const PLACE = 'topic:partition:offset of the bad record, or of a dead letter (slashes do as well)'

export function addDlqCommand(program: Command, run: RunAction): void {
  const dlq = program
    .command('dlq')
    .summary('look at records that no service could use, and ask them again')
    .description(
      'Dead letters: what was wrong with a record, and the record itself. One bad record is shown once, however many ' +
        'services wrote a dead letter for it: the first on the log counts.',
    )
  addList(dlq, run)
  addShow(dlq, run)
  addRedrive(dlq, run)
  addDiscard(dlq, run)
}

function addList(dlq: Command, run: RunAction): void {
  withFilters(dlq.command('list'))
    .summary('list them, the newest first')
    .description('Lists the bad records of the zone, the newest first. Nothing needs to run for it.')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'redriven', 'discarded']))
    .addHelpText(
      'after',
      examples([
        ['kafclaw dlq list', ''],
        ['kafclaw dlq list --state open --since 1h -o json', 'about which nobody has done anything'],
        ['kafclaw dlq list --code KC_ENVELOPE_BAD_JSON', ''],
      ]),
    )
    .action((options: DlqFilters) =>
      run(async (invocation) => {
        const { listDeadLetters } = await import('../dlq/list-dead-letters.ts')
        return listDeadLetters(invocation, options)
      }),
    )
}

function addShow(dlq: Command, run: RunAction): void {
  dlq
    .command('show')
    .summary('show one of them')
    .description('Shows one bad record: what is wrong, who said so, what it holds, and what was done about it.')
    .argument('<place>', PLACE)
    .addHelpText('after', examples([['kafclaw dlq show group.acme.requests:3:1042', '']]))
    .action((place: string) =>
      run(async (invocation) => {
        const { showDeadLetter } = await import('../dlq/show-dead-letter.ts')
        return showDeadLetter(invocation, place)
      }),
    )
}

function addRedrive(dlq: Command, run: RunAction): void {
  withChoice(dlq.command('redrive'))
    .summary('ask the requests among them again')
    .description(
      'Asks requests that were put aside again, each as a new task: an id of its own, caused by the dead letter, with a ' +
        'whole life ahead. The outcome of the old task stays. Without a place: those that the options name and about which ' +
        'nobody has done anything. Each one is told on `observe.audit`.',
    )
    .option('--dry-run', 'show what would be asked')
    .addHelpText(
      'after',
      `\nExit codes: 0 all were asked, 1 one of them cannot be.\n${examples([
        ['kafclaw dlq redrive group.acme.requests:3:1042', ''],
        ['kafclaw dlq redrive --code KC_TASK_EXHAUSTED --since 1h --reason "the tool works again"', ''],
      ])}`,
    )
    .action((places: string[], options: RedriveOptions) =>
      run(async (invocation) => {
        const { redriveLetters } = await import('../dlq/redrive-letters.ts')
        return redriveLetters(invocation, places, options)
      }),
    )
}

function addDiscard(dlq: Command, run: RunAction): void {
  withChoice(dlq.command('discard'))
    .summary('mark them as of no interest')
    .description(
      'Marks bad records as discarded, by a record on `observe.audit`. They stay on the topic until retention takes them.',
    )
    .addHelpText(
      'after',
      examples([
        ['kafclaw dlq discard group.acme.requests:3:1042 --reason "a test of ours"', ''],
        ['kafclaw dlq discard --code KC_ENVELOPE_BAD_JSON --topic skill.invoice.requests', ''],
      ]),
    )
    .action((places: string[], options: DiscardOptions) =>
      run(async (invocation) => {
        const { discardLetters } = await import('../dlq/discard-letters.ts')
        return discardLetters(invocation, places, options)
      }),
    )
}

function withFilters(command: Command): Command {
  return command
    .option('--code <code>', 'only this code, as in docs/errors.md')
    .option('--topic <name>', 'only records of this topic: its full name, or what comes after group and zone')
    .option('--since <duration>', 'only what was put aside within this time')
    .option('--task <id>', 'only what is about this task')
}

function withChoice(command: Command): Command {
  return withFilters(command.argument('[place...]', PLACE))
    .option('--reason <text>', 'why, for people')
    .option('--again', 'also those about which somebody has done something before')
}
