import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface AgentsOptions {
  live?: true
  watch?: true
}

export function addAgentsCommand(program: Command, run: RunAction): void {
  program
    .command('agents')
    .summary('list agents and services with their last heartbeat')
    .description(
      'Reads the roster of the zone from its announce topic. The age of a beat is by the clock of this machine.',
    )
    .option('--live', 'only those that are live')
    .option('--watch', 'stay, and show each change until Ctrl-C; with -o json one line of JSON for each')
    .addHelpText(
      'after',
      examples([
        ['kafclaw agents', ''],
        ['kafclaw agents --live -o json', ''],
        ['kafclaw agents --watch', 'who comes, goes and is busy, as it happens'],
      ]),
    )
    .action((options: AgentsOptions) =>
      run(async (invocation) => {
        const { agents } = await import('../group/agents.ts')
        return agents(invocation, options)
      }),
    )
}
