import { uniqueName } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { type ContractLog, record, WAIT } from './contract-log.ts'

export function topicsContract(under: ContractLog): void {
  const { topic, refusal } = under

  describe('topics', () => {
    it('creates each topic once and names those it really created', async () => {
      const [first, second] = [uniqueName('t'), uniqueName('t')]
      const wanted = (name: string) => ({ name, partitions: 3, configs: { 'retention.ms': '3600000' } })
      expect(await under.log.createTopics([wanted(first)])).toEqual([first])
      expect((await under.log.createTopics([wanted(first), wanted(second)])).sort()).toEqual([second])
      expect(await under.log.createTopics([wanted(second)])).toEqual([])
      expect(await under.log.listTopics()).toEqual(expect.arrayContaining([first, second]))
    })

    it('describes partitions and the values in force, and leaves out what does not exist', async () => {
      const t = await topic(3, { 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' })
      const [found, ...others] = await under.log.describe([uniqueName('missing'), t])
      expect(others).toEqual([])
      expect(found).toMatchObject({ name: t, partitions: 3 })
      expect(found?.replicationFactor).toBeGreaterThanOrEqual(1)
      expect(found?.configs).toMatchObject({
        'cleanup.policy': 'compact',
        'delete.retention.ms': '1000',
        'compression.type': 'producer',
      })
      expect(await under.log.describe([])).toEqual([])
    })

    it('refuses a name that cannot be a topic', async () => {
      const bad = { name: 'not a topic', partitions: 1, configs: {} }
      await expect(under.log.createTopics([bad])).rejects.toMatchObject({ code: 'KC_KAFKA_REJECTED' })
    })

    it('deletes topics, and takes one that does not exist for deleted', async () => {
      const t = await topic()
      await under.log.deleteTopics([t, uniqueName('missing')])
      await vi.waitFor(async () => expect(await under.log.listTopics()).not.toContain(t), WAIT)
      await vi.waitFor(
        async () => expect(await refusal(record(t, 'a'))).toMatchObject({ code: 'KC_KAFKA_UNKNOWN_TOPIC' }),
        WAIT,
      )
    })
  })
}
