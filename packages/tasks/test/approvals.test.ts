import { type ApprovalEnvelope, createEnvelope, type NewPayloads } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { foldApproval, newApproval } from '../src/index.ts'

const ID = 'approval_1'
let made = 0

function approval(payload: NewPayloads['approval']): ApprovalEnvelope {
  const id = `0198f3c2-0000-7000-8000-${String(made++).padStart(12, '0')}`
  const scope = { group: 'acme', zone: 'public', sender_id: 'ops', correlation_id: 'task_1' }
  return createEnvelope({ ...scope, type: 'approval', payload }, { id, nowMs: 0 })
}

const asked = () =>
  approval({
    approval_id: ID,
    status: 'asked',
    subject: 'settle',
    question: 'Did it happen?',
    run_id: 'run-1',
    step: 1,
    redo: 0,
    tool: 'billing.charge',
  })
const granted = (happened: boolean) => approval({ approval_id: ID, status: 'granted', happened })
const denied = () => approval({ approval_id: ID, status: 'denied', reason: 'unclear' })

it('counts the first decision, whatever is decided later', () => {
  const first = granted(true)
  const state = [asked(), first, denied(), granted(false)].reduce(foldApproval, newApproval(ID))
  expect(state.decision).toBe(first)
})

it('keeps a decision that was read before its question', () => {
  const first = denied()
  const question = asked()
  const state = [first, question, granted(true)].reduce(foldApproval, newApproval(ID))
  expect(state).toEqual({ approvalId: ID, asked: question, decision: first })
})
