import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addVersionCommand(program: Command, run: RunAction): void {
  program
    .command('version')
    .summary('print the version of KafClaw, of its wire and of Node')
    .description('Prints the version of KafClaw, of its wire and of Node.')
    .addHelpText('after', examples([['kafclaw version -o json', '']]))
    .action(() =>
      run(async (invocation) => {
        const { version } = await import('../group/version.ts')
        return version(invocation)
      }),
    )
}
