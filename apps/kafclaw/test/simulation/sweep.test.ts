import { expect, it } from 'vitest'
import { sweep } from './sweep.ts'

/** Every call takes minutes; a step that shares no factor with what repeats meets each kind of call. */
const STEP = 11

it('keeps every promise when an agent crashes at a call to its disk or to the log, whichever it is', {
  timeout: 240_000,
}, async () => {
  let crashes = 0
  for await (const { crash, verdict } of sweep({ first: 0, step: STEP })) {
    crashes++
    const where = `${crash.machine} at call ${crash.call}, back after ${crash.backAfterMs} ms`
    expect([...verdict.breaches], where).toEqual([])
  }
  expect(crashes).toBeGreaterThan(20)
})
