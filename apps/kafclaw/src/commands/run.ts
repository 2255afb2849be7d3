import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface ReplayRunOptions {
  model?: string
  from?: string
}

export function addRunCommand(program: Command, run: RunAction): void {
  const runs = program
    .command('run')
    .summary('look at what the runs of a task did')
    .description('The journal of a task: every step of every run that has worked on it, as it lies on `traces`.')
  runs
    .command('show')
    .summary('show the journal of a task as a timeline')
    .description(
      'Attempts with agent, boot and host, and each step with who ran it, how long it took and what it cost. A later ' +
        'attempt takes finished steps from the journal (REPLAYED) and runs only the others (EXECUTED). STATE says which try ' +
        'of a step holds. An intent without a result is `open` while its run has the task, else `in doubt` (docs/tools.md).',
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
  runs
    .command('replay')
    .summary('run a task once more from its journal, and compare')
    .description(
      'The same run again, without touching the world: models and tools are answered from the journal, and a call that it ' +
        'does not know ends the replay. With --model or --from models are asked anew, and told of the built-in tools; tools ' +
        'never are called. The outcome is ' +
        'compared with that of then, so a recorded incident can be a regression test.',
    )
    .argument('<task>', 'task id')
    .option('--model <name>', 'ask this model (at KAFCLAW_MODEL_URL), or `offline`, instead of the journal')
    .option('--from <step>', 'answer the steps before this one from the journal, and ask the model from it on')
    .addHelpText(
      'after',
      `\nExit codes: 0 the same outcome, 1 another one, or the replay left the journal.\n${examples([
        ['kafclaw run replay task_0198f3c2-1111-7000-8000-00000000000a', 'does this release come to the same?'],
        ['kafclaw run replay task_0198f3c2-1111-7000-8000-00000000000a --model small-2 --from 4', ''],
      ])}`,
    )
    .action((taskId: string, options: ReplayRunOptions) =>
      run(async (invocation) => {
        const { replayRun } = await import('../run/replay-run.ts')
        return replayRun(invocation, taskId, options)
      }),
    )
}
