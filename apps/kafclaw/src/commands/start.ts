import { Argument, type Command } from 'commander'
import type { RunAction } from '../program.ts'
import type { StartableService } from '../services/start.ts'
import { examples } from './examples.ts'

const SERVICES: readonly StartableService[] = ['agent-worker', 'memory-indexer', 'audit-sink', 'orchestrator']

export function addStartCommand(program: Command, run: RunAction): void {
  program
    .command('start')
    .summary('run one service in a process of its own')
    .description(
      'Runs one service until SIGTERM or Ctrl-C. It waits for the group where that is not there yet and says so on ' +
        '/readyz?verbose. Logs are JSON on stderr; the line "has started" names the admin address.',
    )
    .addArgument(new Argument('<service>', 'which one').choices(SERVICES))
    .addHelpText(
      'after',
      examples([
        ['KAFCLAW_AGENT_ID=agent-b kafclaw start agent-worker', ''],
        ['KAFCLAW_AGENT_ID=agent-b kafclaw start memory-indexer', 'the memory of the same agent'],
        ['kafclaw start audit-sink', ''],
        ['kafclaw start orchestrator', 'advises who takes what; optional'],
      ]),
    )
    .action((service: StartableService) =>
      run(async (invocation) => {
        const { start } = await import('../services/start.ts')
        return start(invocation, service)
      }),
    )
}
