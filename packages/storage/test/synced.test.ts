import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

vi.mock(import('node:fs'), async (importOriginal) => {
  const actual = await importOriginal()
  return { ...actual, fsync: vi.fn(actual.fsync) }
})

const NORMAL = 1
const FULL = 2
const LATER = { sync: 'later' } as const

beforeEach(() => {
  vi.mocked(fs.fsync).mockClear()
})

function openMeta() {
  const db = openDatabase(join(temporaryFolder(), 'state.db'), 'state')
  const put = (name: string) => db.prepare<[string]>('INSERT INTO meta (name, value) VALUES (?, 1)').run(name)
  return { db, put, level: () => db.pragma('synchronous') }
}

it('waits for the disk in each transaction, but for those that leave it for later', () => {
  const { db, level } = openMeta()
  expect(db.transaction(level, LATER)).toBe(NORMAL)
  expect(db.transaction(level)).toBe(FULL)
  expect(level()).toBe(FULL)
})

it('waits for the disk again after a transaction that has failed, and inside one that waits', () => {
  const { db, level } = openMeta()
  const fail = (): never => {
    throw new Error('mine')
  }
  expect(() => db.transaction(fail, LATER)).toThrow('mine')
  expect(level()).toBe(FULL)
  expect(db.transaction(() => db.transaction(level, LATER))).toBe(FULL)
})

it('waits once for all who wait at one time, and not at all for what the disk has', async () => {
  const { db, put } = openMeta()
  await db.synced()
  expect(fs.fsync).not.toHaveBeenCalled()
  db.transaction(() => put('a'), LATER)
  const first = db.synced()
  db.transaction(() => put('b'), LATER)
  await Promise.all([first, db.synced(), db.synced()])
  expect(fs.fsync).toHaveBeenCalledTimes(2)
  await db.synced()
  expect(fs.fsync).toHaveBeenCalledTimes(2)
})

it('tells everybody from then on when the disk has failed to keep what was committed', async () => {
  const { db, put } = openMeta()
  vi.mocked(fs.fsync).mockImplementationOnce((_, callback) => callback(new Error('EIO: i/o error, fsync')))
  db.transaction(() => put('a'), LATER)
  await expect(db.synced()).rejects.toMatchObject({
    code: 'KC_STORAGE_FAILED',
    message: expect.stringContaining('EIO'),
  })
  await expect(db.synced()).rejects.toMatchObject({ code: 'KC_STORAGE_FAILED' })
})
