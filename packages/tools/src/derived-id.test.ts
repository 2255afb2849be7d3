import { isId } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { deriveChildTaskId, deriveItemId } from './derived-id.ts'

const place = { taskId: 'task_0198f3c2-1111-7000-8000-00000000000a', step: 3, index: 0 }

it('gives the same call the same ids in every process and release', () => {
  expect(deriveItemId(place)).toMatchInlineSnapshot(`"item_7f4a9e83-b893-868b-afbc-8b98b7553eb0"`)
  expect(deriveChildTaskId(place, 'agent-b\nhello')).toMatchInlineSnapshot(
    `"task_e93245ef-694d-82c0-bb93-470749a81504"`,
  )
})

it('gives every other call other ids', () => {
  const places = [place, { ...place, step: 4 }, { ...place, index: 1 }, { ...place, taskId: 'task_2' }]
  const ids = [
    ...places.map(deriveItemId),
    ...places.map((other) => deriveChildTaskId(other, 'agent-b\nhello')),
    deriveChildTaskId(place, 'agent-b\nbye'),
  ]
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every(isId)).toBe(true)
})
