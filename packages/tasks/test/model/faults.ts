import type { Random } from './random.ts'

/** What may go wrong in a schedule, and how likely a schedule has it. */
const LIKELY = {
  /** Processes die at any point, also between two writes. */
  crash: 0.5,
  /** Processes stand still at any point. */
  pause: 0.5,
  /** A process stands still right before a call, for as long as others need to take over and to settle what it has begun. */
  sleeper: 0.4,
  /** State files are lost, of one process or of all at once. */
  lostDisk: 0.4,
  /** State files are put back as they were a while ago. */
  oldDisk: 0.2,
  /** Sends whose acknowledgement is lost: sent again, or never known. */
  lostAck: 0.5,
  /** Sends that travel for as long as they like. */
  slowSend: 0.4,
  /** Nobody can read or write for a while. */
  frozenBroker: 0.3,
  /** One process can neither read nor write for a while. */
  cut: 0.4,
  /** Long gaps between beats of one process. */
  rareBeats: 0.3,
  /** One process reads one topic far behind the others. */
  slowTopic: 0.5,
  /** One broker does not answer one process for a while: it beats and acts, and does not hear that it has been replaced. */
  deaf: 0.4,
  /** Agents have lived before: compaction has left their last beats, one of them has claimed under a boot that is forgotten. */
  history: 0.3,
  /** The task is asked for again, perhaps elsewhere. */
  repeated: 0.5,
  /** The repeated request says something else. */
  different: 0.5,
  /** The request names one agent, perhaps the repeated one another. */
  recipient: 0.25,
  /** The deadline passes while the schedule runs. */
  shortLife: 0.2,
  /** Records of others in a partition where they do not count. */
  misplaced: 0.4,
  /** Answers of programs that do not claim. */
  foreignAnswer: 0.3,
  /** Claims of a program that never beats. */
  foreignClaim: 0.2,
  cancel: 0.2,
  /** Two processes with one agent id. */
  twin: 0.25,
  /** An orchestrator assigns the task, to whom it likes and as often as it likes. */
  advice: 0.25,
  /** One agent is not allowed to write answers. */
  refused: 0.15,
  /** What a call has done is never heard of. */
  lostAnswer: 0.4,
  /** A person decides again, and otherwise. */
  secondThoughts: 0.4,
  /** Processes are stopped in order and give their task back. */
  stop: 0.3,
} as const

type Fault = keyof typeof LIKELY
export type Faults = Readonly<Record<Fault, boolean>>

export function drawFaults(random: Random): Faults {
  const drawn = Object.entries(LIKELY).map(([fault, likely]) => [fault, random.flip(likely)])
  return Object.fromEntries(drawn)
}
