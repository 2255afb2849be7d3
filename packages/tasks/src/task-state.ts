/** Terminal states of a task (docs/wire.md, R3). */
export type OutcomeStatus = 'completed' | 'failed' | 'cancelled' | 'expired' | 'rejected'

/** What the fold keeps of one request record; several may ask for the same task (R1). */
export interface AskedRequest {
  /** `<topic>/<partition>/<offset>` */
  place: string
  recordId: string
  /** Past this moment of the log's clock nobody runs the task. Epoch milliseconds. */
  expiresAtMs: number
  /** Null: any agent that has the skill. */
  recipientId: string | null
  skill: string
  senderId: string
  parentTaskId: string | null
}

/** The claim that holds (R2). */
export interface Claim {
  attempt: number
  runId: string
  agentId: string
  boot: number
  /** Id of the claim record: what the run's records name as their cause. */
  recordId: string
  /** Offset in the task's home partition of `tasks.status`. */
  offset: number
  /** Place of the request whose content the run works on. */
  request: string
  journalFrom: number
  /** Attempts in a row before this one that ended without a new step. */
  fruitless: number
  /** Its run has said that it finished a step which no attempt before it had. */
  hasProgressed: boolean
}

/** The outcome (R3): the first terminal response in log order. */
export interface Outcome {
  status: OutcomeStatus
  recordId: string
  senderId: string
  runId: string | null
  /** Offset in the task's home partition of `responses`. */
  offset: number
}

/** What an orchestrator advises: that this agent runs the attempt. The last one before the claim is meant. */
export interface Assignment {
  attempt: number
  agentId: string
  /** Offset in the task's home partition of `tasks.status`. */
  offset: number
}

export type ReleaseReason = 'shutdown' | 'error'

/**
 * What the log says of one task. Each topic writes its own fields only, so the state does not depend on how
 * the topics interleave: a response may be read before its request.
 */
export interface TaskState {
  taskId: string
  requests: readonly AskedRequest[]
  /** Place that the first claim named: the request that counts, for every later claim too (R1). */
  bound: string | null
  claim: Claim | null
  released: ReleaseReason | null
  assigned: Assignment | null
  outcome: Outcome | null
}

export function newTask(taskId: string): TaskState {
  return { taskId, requests: [], bound: null, claim: null, released: null, assigned: null, outcome: null }
}

/** The request that a claim must name: the bound one once a claim has held, else the first that was read; null when it has not been read yet. */
export function countingRequest(task: TaskState): AskedRequest | null {
  if (task.bound === null) return task.requests[0] ?? null
  return task.requests.find((request) => request.place === task.bound) ?? null
}
