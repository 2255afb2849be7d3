import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addUpCommand(program: Command, run: RunAction): void {
  program
    .command('up')
    .summary('run all services of this machine in one process')
    .description(
      'Runs an agent, its memory indexer and the audit sink until Ctrl-C: on the embedded log, or as members of a group ' +
        'on Kafka when brokers are set. Creates the topics of the group where they are missing. Killed at any moment, it ' +
        'goes on where it was at its next start. Logs go to stderr.',
    )
    .addHelpText(
      'after',
      examples([
        ['kafclaw up', 'one machine, no Kafka'],
        ['KAFCLAW_KAFKA_BROKERS=kafka:9092 KAFCLAW_GROUP=acme kafclaw up', 'join group acme'],
        ['KAFCLAW_ADMIN_ADDR=127.0.0.1:9464 kafclaw up', 'with /readyz and /metrics on a fixed port'],
      ]),
    )
    .action(() =>
      run(async (invocation) => {
        const { up } = await import('../services/up.ts')
        return up(invocation)
      }),
    )
}
