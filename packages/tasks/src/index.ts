export { type AbsenceChain, type BootName, createAbsenceChain } from './absence.ts'
export { type Boot, type BootReading, createBoot } from './boot.ts'
export { type Claimant, type ClaimDecision, decideClaim } from './claim-decision.ts'
export { dutyDelayMs } from './duty.ts'
export { type ApprovalState, foldApproval, newApproval } from './fold-approval.ts'
export { foldRequest } from './fold-request.ts'
export { foldResponse } from './fold-response.ts'
export { foldStatus } from './fold-status.ts'
export { homePartition, isHome } from './home-partition.ts'
export {
  createJournal,
  type Journal,
  type JournalHolder,
  type JournalRecord,
  type JournalStep,
  journalRecordOf,
} from './journal.ts'
export { beatIntervalMs, beatTimeoutMs, LEASE_MARGIN_MS, mayAct } from './lease.ts'
export { type Candidate, RANK_DELAY_MS, rankOf } from './rank.ts'
export { ENDPOINT_RETRY, MOST_FRUITLESS, nextRetryMs, type RetryPolicy, STEP_RETRY } from './retry-policy.ts'
export { createRoster, type Roster, type RosterEntry } from './roster.ts'
export {
  type AskedRequest,
  type Assignment,
  type Claim,
  countingRequest,
  newTask,
  type Outcome,
  type OutcomeStatus,
  type ReleaseReason,
  type TaskState,
} from './task-state.ts'
