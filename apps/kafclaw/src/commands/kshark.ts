import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export function addKsharkCommand(program: Command, run: RunAction): void {
  program
    .command('kshark')
    .summary('check the way to Kafka, layer by layer')
    .description(
      'Looks at DNS, TCP, TLS, API versions and SASL of each broker named, at the cluster and what it advertises, then at ' +
        'the group: zone, topics against the topic table, roster, foreign consumer groups and their lag, a round trip. ' +
        'It reads; the only topic it writes to is its own, kafclaw.kshark.probe.',
    )
    .option('--strict', 'warnings exit 1')
    .option('--no-probe', 'write nothing: no round trip, no clock')
    .addHelpText(
      'after',
      `\nExit codes: 0 all well, 1 the group is not as it must be, 2 settings, 3 brokers not reachable, 4 not let in or not allowed.\n${examples(
        [
          ['kafclaw kshark', ''],
          ['kafclaw kshark --brokers kafka-1:9092 --group acme -o json', ''],
          ['kafclaw kshark --strict --no-probe', 'for a pipeline'],
        ],
      )}`,
    )
    .action((options: { strict?: true; probe: boolean }) =>
      run(async ({ io, env, output, overrides }) => {
        const { kshark } = await import('@kafclaw/kshark')
        return kshark({
          env,
          variables: io.variables,
          overrides,
          format: output.format,
          strict: options.strict === true,
          mayProbe: options.probe,
          stdout: io.stdout,
          stderr: io.stderr,
        })
      }),
    )
}
