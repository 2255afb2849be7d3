import { sleep } from '@kafclaw/env'
import { sha256 } from '@kafclaw/envelope'
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
    await run.perform(
      { kind: 'tool', name: 'chaos.step', inputHash: sha256(String(step)), effect: 'none' },
      async ({ signal }) => {
        await sleep(env, work.stepMs, signal)
        return { status: 'completed', output: null }
      },
    )
  }
  return { status: 'completed', content: `${work.steps} steps` }
}
