import { describe, expect, it } from 'vitest'
import { decode, encode, isErrorCode } from '../src/index.ts'
import { readGolden, readPoison } from './golden-files.ts'

describe('golden records', () => {
  it.each(readGolden('valid'))('reads $name as every reader must', ({ record, decoded }) => {
    expect(decode(record)).toEqual(decoded)
  })

  it.each(readGolden('skipped'))('passes $name over without calling it poison', ({ record, decoded }) => {
    expect(decode(record)).toEqual(decoded)
  })

  it.each(readPoison())('refuses $name with $code', ({ record, code, taskId }) => {
    const decoded = decode(record)
    expect(decoded).toMatchObject({ kind: 'poison', code, taskId })
    expect(isErrorCode(code)).toBe(true)
    if (decoded.kind === 'poison') expect(decoded.reason).toMatch(/^.{5,500}$/s)
  })

  it.each(readGolden('valid'))('writes $name so that it is read back the same', ({ record }) => {
    const first = decode(record)
    if (first.kind !== 'envelope') throw new Error('expected an envelope')
    // Native writers always name the task; an answer by place is for those who cannot.
    if (first.envelope.type === 'response' && first.envelope.correlation_id === null) return
    const written = encode(first.envelope)
    expect(decode({ ...record, ...written })).toEqual(first)
  })

  it('gives a record that comes twice the same id, and one at another place another', () => {
    const golden = readGolden('valid').find(({ name }) => name === 'request-minimal')
    if (!golden) throw new Error('golden record is missing')
    const idAt = (offset: number) => {
      const decoded = decode({ ...golden.record, offset })
      return decoded.kind === 'envelope' ? decoded.envelope.id : ''
    }
    expect(idAt(7)).toBe(idAt(7))
    expect(idAt(8)).not.toBe(idAt(7))
  })
})
