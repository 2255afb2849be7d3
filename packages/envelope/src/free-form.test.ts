import { expect, it } from 'vitest'
import { isClearlySmall } from './free-form.ts'

it.each([null, 'text', true, 7, 1.5, -0.25, {}, [], { content: 'ok', list: [1, 2, { a: null }] }])(
  'takes %j as plain',
  (value) => expect(isClearlySmall(value)).toBe(true),
)

it.each([
  ['an integer beyond 2^53', 2 ** 60],
  ['a member called __proto__', JSON.parse('{"a":{"__proto__":1}}')],
  ['deep nesting', [[[[[[1]]]]]]],
  ['many values', Array.from({ length: 200 }, () => 0)],
  ['what writes itself otherwise', { at: new Date(0) }],
  ['what JSON does not know', { a: undefined }],
])('leaves %s to the scan of the bytes', (_, value) => expect(isClearlySmall(value)).toBe(false))
