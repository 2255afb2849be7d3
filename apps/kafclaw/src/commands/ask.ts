import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface AskOptions {
  skill?: string
  to?: string
  timeout?: string
  expires?: string
  wait: boolean
}

export function addAskCommand(program: Command, run: RunAction): void {
  program
    .command('ask')
    .summary('give the group a task and wait for its outcome')
    .description(
      'Publishes a request and waits for the first response. The task id and the progress go to stderr, the answer to ' +
        'stdout. Ending the command does not end the task.',
    )
    .argument('[text...]', 'what to do; from stdin when left out')
    .option('--skill <name>', 'for agents that have this skill (default chat)')
    .option('--to <agent>', 'for this agent alone')
    .option('--timeout <duration>', 'wait no longer than this; the task goes on (exit code 5)')
    .option('--expires <duration>', 'nobody begins the task after this (default 24h, at most 6d)')
    .option('--no-wait', 'print the task id and end')
    .addHelpText(
      'after',
      `\nExit codes: 0 completed, 1 ended otherwise, 3 Kafka not reachable, 5 timed out, 130 interrupted.\n${examples([
        ['kafclaw ask "what do you know about billing?"', ''],
        ['kafclaw ask --to agent-b --timeout 10m "summarise the incident"', ''],
        ['kafclaw ask --skill invoice --no-wait < order.txt', ''],
      ])}`,
    )
    .action((words: string[], options: AskOptions) =>
      run(async (invocation) => {
        const { ask } = await import('../ask/ask.ts')
        return ask(invocation, words.join(' '), options)
      }),
    )
}
