import { Type } from 'typebox'
import { createTool } from './create-tool.ts'
import { deriveItemId } from './derived-id.ts'
import { completedResult, type Tool, type ToolContext } from './tool.ts'

export interface RememberedItem {
  readonly itemId: string
  readonly title: string
  readonly content: string
  readonly tags: readonly string[]
}

export interface RememberDeps {
  /** Publishes the item; resolves when that can no longer be lost. Called again with the same id it changes nothing. */
  remember(item: RememberedItem, ctx: ToolContext): Promise<void>
}

const LONGEST_TITLE = 80

const Parameters = Type.Object(
  {
    content: Type.String({
      minLength: 1,
      maxLength: 40_000,
      pattern: '\\S',
      description: 'The fact to remember, in full sentences that can be understood without this conversation.',
    }),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'A few words that name the fact.' })),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 20, description: 'Words to filter by.' }),
    ),
  },
  { additionalProperties: false },
)

/** `memory.remember`: publishes a memory item that all agents who may see its zone can recall. */
export function createRememberTool(deps: RememberDeps): Tool {
  return createTool({
    name: 'memory.remember',
    description: 'Stores a fact in the memory that this agent shares with the other agents of its zone.',
    parameters: Parameters,
    kind: 'tool',
    effect: 'idempotent',
    longestCallMs: 30_000,
    async run(args, ctx) {
      const title = args.title ?? titleOf(args.content)
      const item = { itemId: deriveItemId(ctx), title, content: args.content, tags: [...new Set(args.tags)] }
      await deps.remember(item, ctx)
      return completedResult({ item_id: item.itemId, title: item.title })
    },
  })
}

function titleOf(content: string): string {
  const firstLine = content.trim().split('\n', 1)[0] ?? ''
  const characters = [...firstLine]
  return characters.length <= LONGEST_TITLE ? firstLine : `${characters.slice(0, LONGEST_TITLE - 1).join('')}…`
}
