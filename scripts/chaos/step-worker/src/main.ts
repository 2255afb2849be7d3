import { sleep } from '@kafclaw/env'
import { formatTimestamp } from '@kafclaw/envelope'
import { type Host, keepMemberId, openMember, type Run, type RunOutcome, runServiceProcess } from '@kafclaw/runtime'
import { variables, work } from './config.ts'

/** A worker whose runs are steps of known length, each in the journal: what takes time is the group, not a model. */
process.exitCode = await runServiceProcess({
  name: 'agent-worker',
  variables,
  create(host) {
    const { settings } = host
    const agentId = settings.agentId ?? keepMemberId(host.data, 'agent', host.env)
    const member = openMember(host, {
      agentId,
      role: 'agent',
      skills: settings.skills.map((name) => ({ name })),
      capacity: settings.concurrency,
      createHandler: () => (run) => runSteps(host, run),
    })
    member.whenReady().then(
      () => process.send?.('ready'),
      () => undefined,
    )
    // Whoever started it is gone.
    process.on('disconnect', () => process.exit(1))
    return { ...member, id: agentId }
  },
})
process.exit()

async function runSteps({ env }: Host, run: Run): Promise<RunOutcome> {
  for (let step = 0; step < work.steps; step++) {
    run.checkpoint()
    const startedMs = env.now()
    await sleep(env, work.stepMs, run.signal)
    run.checkpoint()
    run.step({
      phase: 'result',
      step,
      kind: 'tool',
      name: 'chaos.step',
      status: 'completed',
      started_at: formatTimestamp(startedMs),
      ended_at: formatTimestamp(env.now()),
    })
  }
  return { status: 'completed', content: `${work.steps} steps` }
}
