import { type Command, Option } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface TasksOptions {
  state?: 'open' | 'claimed' | 'ended'
  since?: string
  limit: string
}

export function addTasksCommand(program: Command, run: RunAction): void {
  program
    .command('tasks')
    .summary('list tasks as the log has them')
    .description('Reads the topics of the zone and lists its tasks, the newest first. Nothing needs to run for it.')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'claimed', 'ended']))
    .option('--since <duration>', 'only tasks asked within this time (default: all that the topics hold)')
    .option('--limit <count>', 'at most so many', '50')
    .addHelpText(
      'after',
      examples([
        ['kafclaw tasks', ''],
        ['kafclaw tasks --state open --since 1h', 'what nobody has taken yet'],
        ['kafclaw tasks -o json --limit 1000', ''],
      ]),
    )
    .action((options: TasksOptions) =>
      run(async (invocation) => {
        const { tasks } = await import('../tasks/tasks.ts')
        return tasks(invocation, options)
      }),
    )
}
