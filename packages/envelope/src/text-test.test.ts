import { expect, it } from 'vitest'
import { textTest } from './text-test.ts'

const TEXTS = [
  'a',
  'ab',
  'b',
  '',
  'a$',
  '^a',
  'a|b',
  'a\n',
  'agent-1',
  'Agent-1',
  'agent-1',
  '__proto__',
  'constructor',
]

it.each([/(^a$|^ab$|^schema_version$)/u, /(^a$)/u, /^[a-z0-9][a-z0-9_-]{0,62}$/u, /(^a$|b)/u, /^a$|^b$/u])(
  'says of each text what %s says',
  (pattern) => {
    const { test } = textTest(pattern)
    expect(TEXTS.filter((text) => test(text))).toEqual(TEXTS.filter((text) => pattern.test(text)))
  },
)
