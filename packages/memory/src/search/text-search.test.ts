import { expect, it } from 'vitest'
import { toMatch } from './text-search.ts'

it.each([
  ['What is the alarm code?', '"alarm" OR "code" OR "cod"*'],
  ['"alarm" NOT (code)* NEAR/2 title:x', '"alarm" OR "code" OR "cod"* OR "near" OR "2" OR "title" OR "titl"* OR "x"'],
  ['会议室', '"会议" OR "议室"'],
  ['what is it?', '"what" OR "is" OR "it"'],
  ['🫖 !!! --', null],
])('turns %j into quoted words only', (query, match) => {
  expect(toMatch(query)).toBe(match)
})

it('asks for a bounded number of words', () => {
  const words = Array.from({ length: 5000 }, (_, index) => `w${index}`).join(' ')
  expect(toMatch(words)?.split(' OR ').length).toBeLessThanOrEqual(128)
})
