import { expect, it } from 'vitest'
import { describeGap } from './describe-gap.ts'

it('says of each gap what is true: deleted, or there and unreadable', () => {
  expect(describeGap({ from: 3, to: 6, reason: 'below_start' })).toBe(
    'offsets 3 to 5 were deleted before they were read',
  )
  expect(describeGap({ from: 3, to: 4, reason: 'below_start' })).toBe('offset 3 was deleted before it was read')
  const corrupt = describeGap({ from: 3, to: 6, reason: 'corrupt' })
  expect(corrupt).toMatch(/^offsets 3 to 5 lie on the log but cannot be read/)
  expect(corrupt).not.toContain('deleted')
})
