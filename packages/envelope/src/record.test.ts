import { describe, expect, it } from 'vitest'
import { formatPlace, lastHeader, parsePlace } from './record.ts'

describe('parsePlace', () => {
  it.each(['group.acme.requests/3/1042', 'group.acme.requests:3:1042'])('reads %s', (text) => {
    expect(parsePlace(text)).toEqual({ topic: 'group.acme.requests', partition: 3, offset: 1042 })
  })

  it('reads what formatPlace writes', () => {
    const place = { topic: 'group.acme.zone.a.tasks.status', partition: 0, offset: Number.MAX_SAFE_INTEGER }
    expect(parsePlace(formatPlace(place))).toEqual(place)
  })

  it.each(['', 'task_1', 'a/b/c', 'a/1', 'a/1:2', 'a/-1/2', 'a/1/2.5', 'a/1/9007199254740993', 'a b/1/2', 'a/1/2/3'])(
    'knows that "%s" is no place',
    (text) => {
      expect(parsePlace(text)).toBeNull()
    },
  )
})

describe('lastHeader', () => {
  it('takes the last of several, as the Java client does', () => {
    expect(
      lastHeader(
        [
          ['a', Buffer.from('1')],
          ['a', Buffer.from('2')],
        ],
        'a',
      )?.toString(),
    ).toBe('2')
  })
})
