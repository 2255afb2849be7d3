import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addTraceCommand(program: Command, run: RunAction): void {
  program
    .command('trace')
    .summary('show where an answer comes from')
    .description(
      'Prints the tree of records around a task, a record or a position: requests, claims, steps, delegated tasks, ' +
        'recalled memory and outcomes, each with its place on the log. A live audit sink answers; without one the topics ' +
        'are read here.',
    )
    .argument('<subject>', 'task id, record id, or topic:partition:offset (slashes do as well)')
    .addHelpText(
      'after',
      examples([
        ['kafclaw trace task_0198f3c2-1111-7000-8000-00000000000a', ''],
        ['kafclaw trace group.acme.responses:3:17', ''],
      ]),
    )
    .action((subject: string) =>
      run(async (invocation) => {
        const { trace } = await import('../trace/trace.ts')
        return trace(invocation, subject)
      }),
    )
}
