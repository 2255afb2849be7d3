import { join } from 'node:path'
import { openDatabase } from '@kafclaw/storage'
import { tempDir } from '@kafclaw/testing'
import { describe, it } from 'vitest'
import { createFileRecall, createHashEmbedder } from '../src/index.ts'
import { RECALL_CONTRACT } from '../src/testing/index.ts'
import { createLocalForm } from './local-form.ts'

describe('recall contract: the index itself', () => {
  it.each(RECALL_CONTRACT)('$title', async ({ run }) => {
    await using form = createLocalForm(openDatabase(':memory:', 'memory'))
    await run(form)
  })
})

describe('recall contract: a reader of the file', () => {
  it.each(RECALL_CONTRACT)('$title', async ({ run }) => {
    await using dir = await tempDir()
    const path = join(dir.path, 'memory.db')
    await using form = createLocalForm(
      openDatabase(path, 'memory'),
      createFileRecall({ path, embedder: createHashEmbedder() }),
    )
    await run(form)
  })
})
