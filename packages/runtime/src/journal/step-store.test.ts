import { openDatabase } from '@kafclaw/storage'
import { withQueryPlans } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { createStepStore } from './step-store.ts'

it('starts as fast beside a long timeline: only rows of what was not sent are read', () => {
  const { db, plans } = withQueryPlans(openDatabase(':memory:', 'state'))
  createStepStore(db, 'group.acme.traces')
  expect(plans.filter((step) => /AUTOMATIC|SCAN/.test(step))).toEqual(['SCAN outbox'])
})
