import { describe, expect, it } from 'vitest'
import { MAX_DEPTH, MAX_MEMBERS, parseJsonText, READ_LIMIT_BYTES } from './json-text.ts'

const parse = (text: string) => parseJsonText(Buffer.from(text))
const codeOf = (text: string) => {
  const parsed = parse(text)
  return parsed.ok ? 'accepted' : parsed.code
}
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const list = (length: number) => `[${Array(length).fill(0).join(',')}]`
const members = (count: number) => `{${Array.from({ length: count }, (_, at) => `"m${at}":0`).join(',')}}`

describe('parseJsonText', () => {
  it('takes exactly what the limits allow, and nothing beyond', () => {
    expect(codeOf(nested(MAX_DEPTH))).toBe('accepted')
    expect(codeOf(nested(MAX_DEPTH + 1))).toBe('KC_ENVELOPE_TOO_DEEP')
    expect(codeOf(list(MAX_MEMBERS))).toBe('accepted')
    expect(codeOf(list(MAX_MEMBERS + 1))).toBe('KC_ENVELOPE_TOO_MANY_MEMBERS')
    expect(codeOf(members(MAX_MEMBERS))).toBe('accepted')
    expect(codeOf(members(MAX_MEMBERS + 1))).toBe('KC_ENVELOPE_TOO_MANY_MEMBERS')
    expect(codeOf(`"${'x'.repeat(READ_LIMIT_BYTES - 2)}"`)).toBe('accepted')
    expect(codeOf(`"${'x'.repeat(READ_LIMIT_BYTES - 1)}"`)).toBe('KC_ENVELOPE_TOO_LARGE')
  })

  it('counts empty containers as the one element that they are', () => {
    expect(codeOf(`[${Array(MAX_MEMBERS).fill('{}').join(',')}]`)).toBe('accepted')
    expect(codeOf(`[${Array(MAX_MEMBERS).fill('[ ]').join(' , ')}]`)).toBe('accepted')
  })

  it('is not misled by what stands inside strings', () => {
    const text = JSON.stringify({ a: '{"a":1,"a":2}[[[[\\"', 'b:,': ':,:,"\\', c: '9007199254740993' })
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) })
  })

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":[{"b":{"a":1,"c":2,"a":3}}]}',
    '{"":1,"":2}',
    '{"0":1,"0":2}',
  ])('refuses the member that comes twice in %s', (text) => {
    expect(codeOf(text)).toBe('KC_ENVELOPE_DUPLICATE_KEY')
  })

  it('takes the same member in different objects', () => {
    expect(codeOf('{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}')).toBe('accepted')
  })

  it.each(['9007199254740992', '-9007199254740992', '123456789012345678901234567890', '1e309', '-1E400', '1.5e999'])(
    'refuses the number %s',
    (number) => {
      expect(codeOf(`{"a":[${number}]}`)).toBe('KC_ENVELOPE_UNSAFE_INTEGER')
    },
  )

  it.each(['9007199254740991', '-9007199254740991', '0', '-0', '1.5', '0.1234567890123456789', '1e300', '1E-400'])(
    'takes the number %s',
    (number) => {
      expect(codeOf(`{"a":[${number}]}`)).toBe('accepted')
    },
  )

  it.each([
    '',
    ' ',
    '{',
    '}',
    '[1,]',
    '{"a"}',
    '{"a":}',
    'nul',
    '01',
    '"\u0001"',
    '"\\x"',
    "{'a':1}",
    '{"a":1}{"b":2}',
    'NaN',
    '1 2',
    '-',
  ])('refuses %j as no JSON', (text) => {
    expect(codeOf(text)).toBe('KC_ENVELOPE_BAD_JSON')
  })

  it('does not let __proto__ through in any spelling, and no object is changed by it', () => {
    expect(codeOf('{"__proto__":{"polluted":true}}')).toBe('KC_ENVELOPE_INVALID')
    expect(codeOf('[[{"a":{"\\u005F_proto__":1}}]]')).toBe('KC_ENVELOPE_INVALID')
    expect('polluted' in {}).toBe(false)
    expect(codeOf('{"constructor":{"prototype":1},"toString":1}')).toBe('accepted')
  })

  it('refuses a megabyte of brackets without building it', () => {
    expect(codeOf('['.repeat(READ_LIMIT_BYTES))).toBe('KC_ENVELOPE_TOO_DEEP')
    expect(codeOf('{"a":'.repeat(200_000))).toBe('KC_ENVELOPE_TOO_DEEP')
  })

  it.each([[0xc3, 0x28], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff]])(
    'refuses bytes %j as no UTF-8',
    (...bytes) => {
      const parsed = parseJsonText(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))
      expect(parsed).toMatchObject({ ok: false, code: 'KC_ENVELOPE_BAD_UTF8' })
    },
  )
})
