import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addRunCommand(program: Command, run: RunAction): void {
  const runs = program
    .command('run')
    .summary('look at what the runs of a task did')
    .description('The journal of a task: every step of every run that has worked on it, as it lies on `traces`.')
  runs
    .command('show')
    .summary('show the journal of a task as a timeline')
    .description(
      'Attempts with agent, boot and host, and each step with who ran it, how long it took and what it cost. A later\n' +
        'attempt takes finished steps from the journal (REPLAYED) and runs only the others (EXECUTED). STATE says which try\n' +
        'of a step holds; `in doubt` is an intent without a result.',
    )
    .argument('<task>', 'task id')
    .addHelpText(
      'after',
      examples([
        ['kafclaw run show task_0198f3c2-1111-7000-8000-00000000000a', ''],
        ['kafclaw run show task_0198f3c2-1111-7000-8000-00000000000a -o json', 'with the output of each step'],
      ]),
    )
    .action((taskId: string) =>
      run(async (invocation) => {
        const { showRun } = await import('../run/show-run.ts')
        return showRun(invocation, taskId)
      }),
    )
}
