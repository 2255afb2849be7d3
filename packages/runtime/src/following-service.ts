import type { Service } from './host.ts'
import type { Member, MemberEnd } from './member.ts'
import type { TopicFollower } from './topic-follower.ts'

/**
 * One service of a member and the follower beside it: ready when both are, ended when either is. `close` is called once,
 * when both have stopped, for what they have worked on.
 */
export function createFollowingService(parts: {
  id: string
  member: Member
  follower: TopicFollower
  close(): void
}): Service {
  const { id, member, follower } = parts
  async function endBoth(): Promise<MemberEnd> {
    const first = await Promise.race([member.ended, follower.ended])
    // A run may still wait for the follower, so the member goes first.
    await member.stop()
    await follower.stop()
    parts.close()
    return first
  }
  const ended = endBoth()
  return {
    id,
    ended,
    readiness() {
      const checks = [...member.readiness().checks, ...follower.readiness().checks]
      return { ready: checks.every(({ ok }) => ok), checks }
    },
    async whenReady() {
      await Promise.all([member.whenReady(), follower.whenReady()])
    },
    async stop() {
      await member.stop()
      await ended
    },
  }
}
