import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addAuditCommand(program: Command, run: RunAction): void {
  const audit = program
    .command('audit')
    .summary('check what services say against the log')
    .description('Checks what services say against the log. Who decided what is shown by: kafclaw trace.')
  audit
    .command('lockstep')
    .summary('compare local timelines with the log')
    .description(
      'For each service with files on this machine: every row of its timeline that names a record is compared with the ' +
        'record at that position, and every record that it sent must have its row. Records that a topic has deleted are ' +
        'counted apart, heartbeats have no rows. A difference exits 1.',
    )
    .addHelpText(
      'after',
      examples([
        ['kafclaw audit lockstep', ''],
        ['kafclaw audit lockstep -o json', ''],
      ]),
    )
    .action(() =>
      run(async (invocation) => {
        const { lockstep } = await import('../audit/lockstep.ts')
        return lockstep(invocation)
      }),
    )
}
