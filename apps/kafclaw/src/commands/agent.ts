import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addAgentCommand(program: Command, run: RunAction): void {
  program
    .command('agent')
    .summary('talk to one agent on this machine')
    .description(
      'Runs the agent of this machine for one message, for a conversation on a terminal, or for a prompt from stdin. ' +
        'Without KAFCLAW_MODEL_URL the built-in offline model answers (docs/offline-model.md). Where `kafclaw up` runs ' +
        'the agent already, it is asked over the log. What it remembers is the memory of the agent, not of a session.',
    )
    .option('-m, --message <text>', 'say this and end after the answer')
    .option('-s, --session <name>', 'go on with the conversation of that name')
    .addHelpText(
      'after',
      examples([
        ['kafclaw agent -m "hello"', ''],
        ['kafclaw agent -m "remember that billing listens on port 8443"', ''],
        ['kafclaw agent -m "what do you know about billing?"', ''],
        ['kafclaw agent -s work', 'a conversation that can be gone on with'],
        ['git diff | kafclaw agent', 'the prompt from stdin'],
      ]),
    )
    .action((options: { message?: string; session?: string }) =>
      run(async (invocation) => {
        const { agent } = await import('../agent/agent.ts')
        return agent(invocation, options)
      }),
    )
}
