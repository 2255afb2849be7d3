import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

interface Options {
  kafka?: true
  fact?: string
  question?: string
  keep?: true
}

export function addDemoCommand(program: Command, run: RunAction): void {
  program
    .command('demo')
    .summary('show the main job: memory, delegation, citation, trace')
    .description(
      'Agent C publishes a memory, agent A asks agent B a question, B recalls the memory of C and answers citing it. ' +
        'The story goes to stderr; stdout has the answer and then the tree of the records it is made of. Every position ' +
        'is read back from the log and compared before it is printed. No key and no network; without --kafka no Kafka.',
    )
    .option('--kafka', 'on a real Kafka, each service a process: KAFCLAW_KAFKA_BROKERS, else one that is started here')
    .option('--fact <text>', 'what agent C is told to remember')
    .option('--question <text>', 'what agent B is asked by agent A')
    .option('--keep', 'keep the folder with all files, and say where it is')
    .addHelpText(
      'after',
      examples([
        ['kafclaw demo', 'on the embedded log, in one process'],
        ['kafclaw demo --kafka', 'on Kafka, seven processes'],
        ['kafclaw demo --fact "Rooms are booked by Ada." --question "Who books rooms?"', ''],
        ['kafclaw demo -o json', 'the same as data'],
      ]),
    )
    .option('--json', 'the same as -o json')
    .action((options: Options & { json?: true }) =>
      run(async (invocation) => {
        const { demo } = await import('../demo/demo.ts')
        return demo(invocation, { ...options, json: options.json === true || invocation.output.format === 'json' })
      }),
    )
}
