import { type Host, keepMemberId, openMember, runServiceProcess } from '@kafclaw/runtime'
import { variables, work } from './config.ts'
import { createLedgerClient } from './ledger-client.ts'
import { boundPages } from './page-limit.ts'
import { runSteps } from './run-steps.ts'
import { createStopInCall } from './stop-in-call.ts'

/** A worker whose runs are steps of known length, each in the journal: what takes time is the group, not a model. */
process.exitCode = await runServiceProcess({
  name: 'agent-worker',
  variables,
  create(host) {
    const { settings } = host
    const agentId = settings.agentId ?? keepMemberId(host.data, 'agent', host.env)
    const ledger = work.ledgerUrl === null ? null : createLedgerClient(work.ledgerUrl, agentId)
    const stopInCall = createStopInCall(work.stopsAtCalls)
    const bounded: Host = { ...host, disk: boundPages(host.disk) }
    const member = openMember(bounded, {
      agentId,
      role: 'agent',
      skills: settings.skills.map((name) => ({ name })),
      capacity: settings.concurrency,
      createHandler: () => (run) => runSteps({ env: host.env, ledger, stopInCall, work }, run),
    })
    // Whoever started it is gone.
    process.on('disconnect', () => process.exit(1))
    return { ...member, id: agentId }
  },
})
process.exit()
