import { createScriptedModel } from '@kafclaw/llm'
import type { Host } from '@kafclaw/runtime'
import { createTestGroup } from '@kafclaw/runtime/testing'
import type { Db } from '@kafclaw/storage'
import { expect, it, vi } from 'vitest'
import { createAgentWorker } from '../src/service.ts'

const PATIENCE = { timeout: 20_000, interval: 50 }

it('a conversation that cannot be kept because the disk is full is kept later, and its task does not fail', async () => {
  await using group = await createTestGroup('embedded', { leaseMs: 2000 })
  const files: Db[] = []
  const host: Host = {
    ...group.host,
    disk: {
      ...group.host.disk,
      open(path, kind) {
        const db = group.host.disk.open(path, kind)
        files.push(db)
        return db
      },
    },
  }
  const setRoom = (pages: number): void => void files[0]?.pragma(`max_page_count = ${pages}`)
  const model = createScriptedModel(() => {
    setRoom(Number(files[0]?.pragma('page_count')))
    return 'x'.repeat(20_000)
  })
  const agent = group.own(
    createAgentWorker(host, {
      ...{ agentId: 'agent-a', skills: ['chat'], concurrency: 4, instructions: null, model, recall: null },
    }),
  )
  await agent.whenReady()
  const asked = await group.client.ask({ payload: { content: 'x', input: { session: 's' } } })
  await vi.waitFor(() => expect(agent.readiness().ready).toBe(false), PATIENCE)
  setRoom(1_000_000)
  expect((await asked.outcome).payload).toMatchObject({ status: 'completed', content: 'x'.repeat(20_000) })
  const kept = files[0]?.prepare<[], { n: number }>('select count(*) as n from session_turn').get()
  expect(kept).toEqual({ n: 2 })
})
