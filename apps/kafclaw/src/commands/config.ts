import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addConfigCommand(program: Command, run: RunAction): void {
  const config = program
    .command('config')
    .summary('show the settings that count')
    .description('Settings are environment variables, all of them in docs/configuration.md; some have a flag.')
  config
    .command('view')
    .summary('print every setting as it counts here')
    .description(
      'Prints every setting as it counts here. A flag counts before the environment, that before a file (secrets), that before the default.',
    )
    .option('--origin', 'with where each value comes from')
    .addHelpText(
      'after',
      examples([
        ['kafclaw config view --origin', ''],
        ['kafclaw config view -o json', ''],
      ]),
    )
    .action((options: { origin?: true }) =>
      run(async (invocation) => {
        const { viewConfig } = await import('../group/view-config.ts')
        return viewConfig(invocation, options)
      }),
    )
}
