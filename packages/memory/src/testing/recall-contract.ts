import assert from 'node:assert/strict'
import type { RecordPlace } from '@kafclaw/envelope'
import type { Recall, RecalledItem, RecallQuery } from '../recall.ts'

/** What a test says about an item; the form decides where it lies. */
export interface ContractItem {
  readonly itemId: string
  readonly content: string
  readonly title?: string
  readonly zone?: 'public' | 'lab'
  readonly author?: string
  readonly tags?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly expiresAtMs?: number
}

/** One form of the Recall port, empty, with the way in which items get there. */
export interface RecallForm extends AsyncDisposable {
  readonly recall: Recall
  /** The clock by which the form tells the age and expiry of items, epoch ms. */
  nowMs(): number
  /** Resolves with the place of the record once the item can be found. */
  put(item: ContractItem): Promise<RecordPlace>
  /** Resolves once the item can no longer be found. */
  forget(item: Pick<ContractItem, 'itemId' | 'zone'>): Promise<void>
}

export interface RecallCase {
  readonly title: string
  run(form: RecallForm): Promise<void>
}

const KETTLE = { itemId: 'item-kettle', content: 'The copper kettle of aunt Mathilda stands in the attic.' }
const TRAIN = { itemId: 'item-train', content: 'The night train to Lisbon leaves from platform 9 at 22:14.' }

/**
 * What every form of the Recall port promises, free of a test framework:
 * `for (const { title, run } of RECALL_CONTRACT) it(title, async () => { await using form = await open(); await run(form) })`
 */
export const RECALL_CONTRACT: readonly RecallCase[] = [
  {
    title: 'returns the item that answers first, with the place, author and age of its record',
    async run(form) {
      const place = await form.put({ ...KETTLE, author: 'agent-c', title: 'Kettle', tags: ['house'] })
      await form.put({ ...TRAIN, author: 'agent-d' })
      const [first] = await search(form, 'Where is the kettle of aunt Mathilda?')
      assert.ok(first)
      const { age_ms, score, ...rest } = first
      const expected = {
        item_id: KETTLE.itemId,
        title: 'Kettle',
        content: KETTLE.content,
        author: 'agent-c',
        tags: ['house'],
      }
      assert.deepEqual(rest, { ...expected, topic: place.topic, partition: place.partition, offset: place.offset })
      assert.ok(Number.isInteger(age_ms) && age_ms >= 0)
      assert.ok(score > 0)
    },
  },
  {
    title: 'returns at most as many items as asked for, best first',
    async run(form) {
      for (let index = 0; index < 7; index++)
        await form.put({ itemId: `item-${index}`, content: `Barrel ${index} holds cider.` })
      const five = await search(form, 'cider barrel')
      assert.equal(five.length, 5)
      assert.ok(five.every((item, index) => index === 0 || item.score <= (five[index - 1]?.score ?? 0)))
      assert.equal((await search(form, 'cider barrel', { limit: 2 })).length, 2)
    },
  },
  {
    title: 'finds nothing in an empty memory, by an empty query or in no zone',
    async run(form) {
      assert.deepEqual(await search(form, 'kettle'), [])
      await form.put(KETTLE)
      assert.deepEqual(await search(form, ' '), [])
      assert.deepEqual(await search(form, 'kettle', { zones: [] }), [])
    },
  },
  {
    title: 'shows items of the asked zones only',
    async run(form) {
      await form.put({ ...KETTLE, zone: 'lab' })
      assert.deepEqual(ids(await search(form, 'kettle', { zones: ['public'] })), [])
      assert.deepEqual(ids(await search(form, 'kettle', { zones: ['lab'] })), [KETTLE.itemId])
      assert.deepEqual(ids(await search(form, 'kettle', { zones: ['public', 'lab'] })), [KETTLE.itemId])
    },
  },
  {
    title: 'shows only items that carry all of the asked tags',
    async run(form) {
      await form.put({ ...KETTLE, tags: ['house', 'copper'] })
      assert.deepEqual(ids(await search(form, 'kettle', { tags: ['copper', 'house'] })), [KETTLE.itemId])
      assert.deepEqual(ids(await search(form, 'kettle', { tags: ['copper', 'garden'] })), [])
    },
  },
  {
    title: 'filters before it ranks: an item is not crowded out by better ones that may not be seen',
    async run(form) {
      for (let index = 0; index < 120; index++)
        await form.put({ itemId: `item-${index}`, content: 'kettle kettle kettle' })
      await form.put({ ...KETTLE, tags: ['mine'] })
      assert.deepEqual(ids(await search(form, 'kettle', { tags: ['mine'], limit: 1 })), [KETTLE.itemId])
    },
  },
  {
    title: 'forgets an item that has expired',
    async run(form) {
      await form.put({ ...KETTLE, expiresAtMs: form.nowMs() - 1 })
      await form.put({ ...TRAIN, expiresAtMs: form.nowMs() + 3_600_000 })
      assert.deepEqual(ids(await search(form, 'kettle train')), [TRAIN.itemId])
    },
  },
  {
    title: 'forgets an item after its tombstone',
    async run(form) {
      await form.put(KETTLE)
      await form.forget(KETTLE)
      assert.deepEqual(ids(await search(form, 'kettle')), [])
    },
  },
  {
    title: 'knows only the newest record of an item',
    async run(form) {
      await form.put(KETTLE)
      const place = await form.put({ ...KETTLE, content: 'The copper kettle was sold to a museum.' })
      const found = await search(form, 'attic kettle museum')
      assert.deepEqual(
        found.map((item) => item.content),
        ['The copper kettle was sold to a museum.'],
      )
      assert.equal(found[0]?.offset, place.offset)
    },
  },
  {
    title: 'takes any text as a query, never as query syntax',
    async run(form) {
      await form.put(KETTLE)
      for (const text of HOSTILE_QUERIES) await search(form, text)
      assert.deepEqual(ids(await search(form, '"kettle" AND NOT (attic) NEAR* col:kettle')), [KETTLE.itemId])
    },
  },
  {
    title: 'finds text in scripts with and without spaces',
    async run(form) {
      await form.put({ itemId: 'item-zh', content: '仓库的密码是4711，请勿外传。' })
      await form.put({ itemId: 'item-ru', content: 'Ключ от гаража лежит под синим ковриком.' })
      await form.put({ itemId: 'item-de', content: 'Der Schlüssel für das Gewächshaus hängt im Flur.' })
      assert.equal((await search(form, '仓库密码'))[0]?.item_id, 'item-zh')
      assert.equal((await search(form, 'Где ключ от гаража?'))[0]?.item_id, 'item-ru')
      assert.equal((await search(form, 'schlussel GEWACHSHAUS'))[0]?.item_id, 'item-de')
    },
  },
  {
    title: 'answers from a long item with the passage that fits',
    async run(form) {
      const filler = (topic: string): string =>
        `${`This paragraph is about ${topic} and nothing else. `.repeat(20)}\n\n`
      const content = `${filler('tulips')}${filler('gravel')}The spare fuse lies in drawer 12.\n\n${filler('hedges')}`
      await form.put({ itemId: 'item-long', content, title: 'Garden handbook' })
      const [found] = await search(form, 'In which drawer is the spare fuse?')
      assert.equal(found?.item_id, 'item-long')
      assert.ok(found.content.includes('The spare fuse lies in drawer 12.'))
      assert.ok(found.content.length <= 800)
    },
  },
  {
    title: 'rejects with the reason of its signal when it is aborted',
    async run(form) {
      const reason = new Error('cancelled')
      const query = { query: 'kettle', zones: ['public'], nowMs: form.nowMs() }
      await assert.rejects(form.recall.search(query, AbortSignal.abort(reason)), reason)
    },
  },
]

const HOSTILE_QUERIES = [
  '"',
  "'",
  '*',
  '(',
  'NOT',
  'AND OR',
  'a"b',
  'kettle*',
  '^kettle',
  'title:kettle',
  '-kettle',
  '{a b}:c',
  '🫖',
  '\u0000',
  '٣',
  '漢',
  'x'.repeat(5000),
]

function search(form: RecallForm, query: string, more: Partial<RecallQuery> = {}): Promise<RecalledItem[]> {
  return form.recall.search({ query, zones: ['public'], nowMs: form.nowMs(), ...more })
}

function ids(items: readonly RecalledItem[]): string[] {
  return items.map((item) => item.item_id)
}
