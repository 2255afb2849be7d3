import type { Command } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface AddMemoryOptions {
  title?: string
  tag?: string[]
  expires?: string
}

export interface SearchMemoryOptions {
  limit: string
  tag?: string[]
}

export function addMemoryCommand(program: Command, run: RunAction): void {
  const memory = program
    .command('memory')
    .summary('add, search and forget shared memory')
    .description('The memory that the agents of a zone share: items on the topic memory.shared.')
  memory
    .command('add')
    .summary('publish an item')
    .description('Publishes a memory item and prints its id and position.')
    .argument('[text...]', 'what to remember; from stdin when left out')
    .option('--title <text>', 'a few words that name it (default: its beginning)')
    .option('--tag <tag>', 'a tag to filter by; may be given again', collect)
    .option('--expires <duration>', 'it is not recalled after this')
    .addHelpText(
      'after',
      examples([
        ['kafclaw memory add "Billing listens on port 8443."', ''],
        ['kafclaw memory add --tag billing --expires 30d < notes.txt', ''],
      ]),
    )
    .action((words: string[], options: AddMemoryOptions) =>
      run(async (invocation) => {
        const { addMemory } = await import('../memory/add-memory.ts')
        return addMemory(invocation, words.join(' '), options)
      }),
    )
  memory
    .command('search')
    .summary('find items')
    .description(
      'Searches as the agent of this machine would. Its indexer answers when it runs; else its file is searched, else ' +
        'the topic itself is read, and stderr says so.',
    )
    .argument('<query...>', 'plain words')
    .option('--limit <count>', 'at most so many', '5')
    .option('--tag <tag>', 'only items with this tag; may be given again', collect)
    .addHelpText('after', examples([['kafclaw memory search "port of billing"', '']]))
    .action((words: string[], options: SearchMemoryOptions) =>
      run(async (invocation) => {
        const { searchMemory } = await import('../memory/search-memory.ts')
        return searchMemory(invocation, words.join(' '), options)
      }),
    )
  memory
    .command('forget')
    .summary('remove items by a tombstone')
    .description('Publishes a tombstone for each item: indexers drop it at once, the topic at its next compaction.')
    .argument('<item-id...>', 'ids of the items')
    .addHelpText('after', examples([['kafclaw memory forget 0198f3c2-2222-7000-8000-00000000000b', '']]))
    .action((itemIds: string[]) =>
      run(async (invocation) => {
        const { forgetMemory } = await import('../memory/forget-memory.ts')
        return forgetMemory(invocation, itemIds)
      }),
    )
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}
