import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ContractLog, WAIT } from './contract-log.ts'

export function groupOffsetsContract(under: ContractLog): void {
  const { topic } = under

  describe('offsets of a group without members', () => {
    it('gives back what was committed, of the topics that are asked for', async () => {
      const [first, second] = [await topic(3), await topic()]
      const group = uniqueName('group')
      expect(await under.log.groupOffsets(group, [first, second])).toEqual([])
      await under.log.commitGroupOffsets(group, [
        { topic: first, partition: 0, offset: 7 },
        { topic: first, partition: 2, offset: 0 },
        { topic: second, partition: 0, offset: 5_000_000_000 },
      ])
      const found = await under.log.groupOffsets(group, [first])
      expect(found.toSorted((a, b) => a.partition - b.partition)).toEqual([
        { topic: first, partition: 0, offset: 7 },
        { topic: first, partition: 2, offset: 0 },
      ])
      expect(await under.log.groupOffsets(group, [second])).toEqual([
        { topic: second, partition: 0, offset: 5_000_000_000 },
      ])
    })

    it('keeps the last commit of each partition, also a smaller one, and each group for itself', async () => {
      const t = await topic(2)
      const [group, other] = [uniqueName('group'), uniqueName('group')]
      await under.log.commitGroupOffsets(group, [
        { topic: t, partition: 0, offset: 9 },
        { topic: t, partition: 1, offset: 4 },
      ])
      await under.log.commitGroupOffsets(group, [{ topic: t, partition: 0, offset: 3 }])
      await under.log.commitGroupOffsets(other, [{ topic: t, partition: 0, offset: 1 }])
      await using reopened = { log: under.form.open(), [Symbol.asyncDispose]: () => reopened.log.close() }
      const found = await reopened.log.groupOffsets(group, [t])
      expect(found.toSorted((a, b) => a.partition - b.partition)).toEqual([
        { topic: t, partition: 0, offset: 3 },
        { topic: t, partition: 1, offset: 4 },
      ])
      expect(await reopened.log.groupOffsets(other, [t])).toEqual([{ topic: t, partition: 0, offset: 1 }])
    })

    it('forgets the offsets of a topic with the topic', async () => {
      const [gone, stays] = [await topic(), await topic()]
      const group = uniqueName('group')
      await under.log.commitGroupOffsets(group, [
        { topic: gone, partition: 0, offset: 2 },
        { topic: stays, partition: 0, offset: 3 },
      ])
      await under.log.deleteTopics([gone])
      await vi.waitFor(
        async () =>
          expect(await under.log.groupOffsets(group, [gone, stays])).toEqual([
            { topic: stays, partition: 0, offset: 3 },
          ]),
        WAIT,
      )
    })

    it('refuses a commit on a topic that does not exist', async () => {
      const missing = { topic: uniqueName('missing'), partition: 0, offset: 1 }
      await expect(under.log.commitGroupOffsets(uniqueName('group'), [missing])).rejects.toMatchObject({
        code: 'KC_KAFKA_UNKNOWN_TOPIC',
      })
    })
  })
}
