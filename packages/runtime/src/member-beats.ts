import type { AnnounceEnvelope } from '@kafclaw/envelope'
import type { Boot } from '@kafclaw/tasks'
import type { GroupOffsets } from './group-offsets.ts'
import type { GroupState } from './group-state.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { JournalEnds } from './journal-ends.ts'
import type { MemberCore, MemberOptions } from './member-core.ts'
import type { MemberLife } from './member-life.ts'
import type { ReadinessBoard } from './readiness.ts'

export interface MemberBeatsOptions {
  options: MemberOptions
  life: MemberLife
  board: ReadinessBoard
  group: GroupState
  boot: Boot
  heartbeat: Heartbeat
  journalEnds: JournalEnds
  /** Made after this: the beats of others are read only once it is there. */
  core(): MemberCore
  groupOffsets(): GroupOffsets
  onReplaced(by: { host: string | null; boot: number }): void
}

/** What a beat on `announce` means for this member: its own confirm it, move its chain of absence and wake what waits for time. */
export function createMemberBeats(
  parts: MemberBeatsOptions,
): (envelope: AnnounceEnvelope, place: { offset: number }) => void {
  const { options, life, board, group, boot, heartbeat } = parts

  function afterOwnBeat(sentMs: number): void {
    const core = parts.core()
    group.absence.ownBeat({ sentMs, readMs: options.env.monotonicMs() })
    parts.journalEnds.refresh().catch(() => undefined)
    const isFirst = !life.isConfirmed
    life.isConfirmed = true
    board.set('heartbeat', true, `boot ${boot.number()} stands in the log`)
    // Absences that stand in the log now, and runs of our own that nobody works on.
    core.claims.reconsider(isFirst)
    if (isFirst) {
      core.duties.begin()
      parts.groupOffsets().begin()
    }
    noteExpired(core)
    options.onOwnBeat?.()
  }

  /** Tasks whose deadline the clock of the log has passed get their outcome, by rank. */
  function noteExpired(core: MemberCore): void {
    const clockMs = group.roster.clockMs()
    const expired = [...core.tasks.open()].filter(
      ({ requests, finished }) =>
        !finished && requests.length > 0 && requests.every(({ expiresAtMs }) => expiresAtMs < clockMs),
    )
    if (expired.length === 0) return
    core.commit
      .submit(() => {
        for (const { taskId } of expired) {
          core.duties.note({ kind: 'expired', subject: taskId, place: null, code: null, reason: null })
        }
      })
      .catch(() => undefined)
  }

  return (envelope, { offset }) => {
    // Whoever sent it, it has moved the clock by which deadlines pass.
    parts.core().runs.expire(group.roster.clockMs())
    if (envelope.payload.agent_id !== options.agentId) return
    const reading = boot.read(envelope)
    switch (reading.kind) {
      case 'own': {
        const sentMs = heartbeat.readBack({ id: envelope.id, offset })
        if (sentMs !== null) afterOwnBeat(sentMs)
        return
      }
      case 'taken':
        heartbeat.readBack({ id: envelope.id, offset })
        void heartbeat.beatNow()
        return
      case 'replaced':
        parts.onReplaced(reading)
        return
      case 'older':
        return
    }
  }
}
