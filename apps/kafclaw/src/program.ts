import { Command, Option } from 'commander'
import { addAgentCommand } from './commands/agent.ts'
import { addAgentsCommand } from './commands/agents.ts'
import { addApprovalsCommand } from './commands/approvals.ts'
import { addAskCommand } from './commands/ask.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addConfigCommand } from './commands/config.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDlqCommand } from './commands/dlq.ts'
import { examples } from './commands/examples.ts'
import { addKsharkCommand } from './commands/kshark.ts'
import { addMemoryCommand } from './commands/memory.ts'
import { addRunCommand } from './commands/run.ts'
import { addStartCommand } from './commands/start.ts'
import { addTasksCommand } from './commands/tasks.ts'
import { addTopicsCommand } from './commands/topics.ts'
import { addTraceCommand } from './commands/trace.ts'
import { addUpCommand } from './commands/up.ts'
import { addVersionCommand } from './commands/version.ts'
import type { GlobalOptions, Invocation } from './invocation.ts'
import type { Io } from './io.ts'

/** Runs the action of a command, which is loaded only then, with what it was called with. */
export type RunAction = (action: (invocation: Invocation) => Promise<number>) => Promise<void>

/** The whole command line. Everything that a command needs is imported when it runs, so that help costs nothing. */
export function createProgram(io: Io, setExitCode: (code: number) => void): Command {
  const program = new Command('kafclaw')
    .description('Agents that work together on Apache Kafka, or on one machine without it.')
    .exitOverride()
    // Before the commands are added: they inherit it.
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'kafclaw: ')),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(run it with --help to see what it takes)')
    .addOption(
      new Option('-o, --output <format>', 'how data is written to stdout').choices(['table', 'json']).default('table'),
    )
    .option('--group <name>', 'group to work in (KAFCLAW_GROUP)')
    .option('--zone <name>', 'zone of the group (KAFCLAW_ZONE)')
    .option('--agent-id <id>', 'id of the agent on this machine (KAFCLAW_AGENT_ID)')
    .option('--brokers <list>', 'Kafka to join, host:port,... (KAFCLAW_KAFKA_BROKERS)')
    .option('--data-dir <folder>', 'where this machine keeps its files (KAFCLAW_DATA_DIR)')

  const run: RunAction = async (action) => {
    const { createInvocation } = await import('./invocation.ts')
    setExitCode(await action(createInvocation(io, program.opts<GlobalOptions>())))
  }
  program.commandsGroup('Try it:')
  addDemoCommand(program, run)
  addAgentCommand(program, run)
  program.commandsGroup('Run services:')
  addUpCommand(program, run)
  addStartCommand(program, run)
  program.commandsGroup('Work with a group:')
  addAskCommand(program, run)
  addTasksCommand(program, run)
  addApprovalsCommand(program, run)
  addRunCommand(program, run)
  addTraceCommand(program, run)
  addAgentsCommand(program, run)
  addMemoryCommand(program, run)
  program.commandsGroup('Operate:')
  addTopicsCommand(program, run)
  addDlqCommand(program, run)
  addKsharkCommand(program, run)
  addAuditCommand(program, run)
  addConfigCommand(program, run)
  addVersionCommand(program, run)
  program.addHelpText(
    'after',
    examples([
      ['kafclaw demo', 'three agents, a shared memory and a delegation, in one go'],
      ['kafclaw agent -m "hello"', 'one agent, no Kafka, no key'],
      ['kafclaw up', 'agent, memory and audit as services; then, elsewhere:'],
      ['kafclaw ask "what do you know about billing?"', ''],
    ]),
  )
  return program
}
