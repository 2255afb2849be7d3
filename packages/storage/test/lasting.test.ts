import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { appErrorOf } from './app-error-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

vi.mock(import('node:fs'), async (importOriginal) => {
  const actual = await importOriginal()
  return { ...actual, fsyncSync: vi.fn(actual.fsyncSync) }
})

const NORMAL = 1
const FULL = 2

beforeEach(() => {
  vi.mocked(fs.fsyncSync).mockClear()
})

function openMeta() {
  const db = openDatabase(join(temporaryFolder(), 'state.db'), 'state')
  return { db, put: (name: string) => db.prepare<[string]>('INSERT INTO meta (name, value) VALUES (?, 1)').run(name) }
}

it('waits for the disk in a transaction that says at its end that it must last, and in no other that is asked', () => {
  const { db, put } = openMeta()
  let mustLast = false
  db.transaction(
    () => put('a'),
    () => mustLast,
  )
  expect(fs.fsyncSync).not.toHaveBeenCalled()
  db.transaction(
    () => {
      put('b')
      mustLast = true
    },
    () => mustLast,
  )
  expect(fs.fsyncSync).toHaveBeenCalledTimes(1)
})

it('leaves it to SQLite to wait for the disk in every other transaction, also after one that has failed', () => {
  const { db } = openMeta()
  const level = (): unknown => db.pragma('synchronous')
  expect(
    db.transaction(
      () => level(),
      () => false,
    ),
  ).toBe(NORMAL)
  expect(() =>
    db.transaction(
      () => {
        throw new Error('mine')
      },
      () => false,
    ),
  ).toThrow('mine')
  expect(db.transaction(() => level())).toBe(FULL)
  const inner = db.transaction(() =>
    db.transaction(
      () => level(),
      () => false,
    ),
  )
  expect(inner).toBe(FULL)
})

it('says that nobody may go on when the disk fails to keep what must last', () => {
  const { db, put } = openMeta()
  vi.mocked(fs.fsyncSync).mockImplementationOnce(() => {
    throw new Error('EIO: i/o error, fsync')
  })
  const error = appErrorOf(() =>
    db.transaction(
      () => put('a'),
      () => true,
    ),
  )
  expect(error).toMatchObject({ code: 'KC_STORAGE_FAILED' })
  expect(error.message).toContain('EIO')
})
