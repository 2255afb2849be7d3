import { type Command, Option } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface TasksOptions {
  state?: 'open' | 'claimed' | 'ended'
  since?: string
  limit: string
  watch?: true
}

export interface CancelOptions {
  reason?: string
}

export function addTasksCommand(program: Command, run: RunAction): void {
  const tasks = program
    .command('tasks')
    .summary('list, show and cancel tasks')
    .description('The tasks of the zone, as the log has them. Without a subcommand: list, with its options.')
  addList(tasks, run)
  addShow(tasks, run)
  addCancel(tasks, run)
}

function addList(tasks: Command, run: RunAction): void {
  tasks
    .command('list', { isDefault: true })
    .summary('list the tasks of the zone, the newest first')
    .description('Reads the topics of the zone and lists its tasks, the newest first. Nothing needs to run for it.')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'claimed', 'ended']))
    .option('--since <duration>', 'only tasks asked within this time (default: all that the topics hold)')
    .option('--limit <count>', 'at most so many', '50')
    .option('--watch', 'stay, and show each change until Ctrl-C; with -o json one line of JSON for each')
    .addHelpText(
      'after',
      examples([
        ['kafclaw tasks', ''],
        ['kafclaw tasks --state open --since 1h', 'what nobody has taken yet'],
        ['kafclaw tasks --watch --since 10m', 'what happens, as it happens'],
        ['kafclaw tasks -o json --limit 1000', ''],
      ]),
    )
    .action((options: TasksOptions) =>
      run(async (invocation) => {
        const { tasks: list } = await import('../tasks/tasks.ts')
        return list(invocation, options)
      }),
    )
}

function addShow(tasks: Command, run: RunAction): void {
  tasks
    .command('show')
    .summary('show all that the log says of one task')
    .description(
      'Requests, status records, attempts and answers of one task, each with its position, and which of them count by ' +
        'the order of the log.',
    )
    .argument('<task>', 'task id')
    .addHelpText('after', examples([['kafclaw tasks show task_0198f3c2-1111-7000-8000-00000000000a', '']]))
    .action((taskId: string) =>
      run(async (invocation) => {
        const { showTask } = await import('../tasks/show-task.ts')
        return showTask(invocation, taskId)
      }),
    )
}

function addCancel(tasks: Command, run: RunAction): void {
  tasks
    .command('cancel')
    .summary('end a task that is not wanted any more')
    .description(
      'Writes the answer `cancelled`. If it is the first answer of the task on the log, it is the outcome, and whoever ' +
        'works on the task stops; if another one was first, says which.',
    )
    .argument('<task>', 'task id')
    .option('--reason <text>', 'why, for people')
    .addHelpText(
      'after',
      `\nExit codes: 0 cancelled, 1 the task had ended otherwise or is not known.\n${examples([
        ['kafclaw tasks cancel task_0198f3c2-1111-7000-8000-00000000000a --reason "asked twice"', ''],
      ])}`,
    )
    .action((taskId: string, options: CancelOptions) =>
      run(async (invocation) => {
        const { cancelTask } = await import('../tasks/cancel-task.ts')
        return cancelTask(invocation, taskId, options)
      }),
    )
}
