import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface DlqListOptions {
  code?: string
  since?: string
}

export function addDlqCommand(program: Command, run: RunAction): void {
  const dlq = program
    .command('dlq')
    .summary('look at records that no service could use')
    .description(
      'Dead letters: what was wrong with a record, and the record itself. One bad record is shown once, however many\n' +
        'services wrote a dead letter for it: the first on the log counts.',
    )
  dlq
    .command('list')
    .description('Lists the bad records of the zone, the newest first. Nothing needs to run for it.')
    .option('--code <code>', 'only this code, as in docs/errors.md')
    .option('--since <duration>', 'only what was put aside within this time')
    .addHelpText(
      'after',
      examples([
        ['kafclaw dlq list', ''],
        ['kafclaw dlq list --since 1h -o json', ''],
        ['kafclaw dlq list --code KC_ENVELOPE_BAD_JSON', ''],
      ]),
    )
    .action((options: DlqListOptions) =>
      run(async (invocation) => {
        const { listDeadLetters } = await import('../dlq/list-dead-letters.ts')
        return listDeadLetters(invocation, options)
      }),
    )
  dlq
    .command('show')
    .description('Shows one bad record: what is wrong, who said so, and what it holds.')
    .argument('<place>', 'topic:partition:offset of the bad record, or of a dead letter (slashes do as well)')
    .addHelpText('after', examples([['kafclaw dlq show group.acme.requests:3:1042', '']]))
    .action((place: string) =>
      run(async (invocation) => {
        const { showDeadLetter } = await import('../dlq/show-dead-letter.ts')
        return showDeadLetter(invocation, place)
      }),
    )
}
