import { runServiceProcess } from '@kafclaw/runtime'
import { variables } from './config.ts'
import { createAuditSink } from './service.ts'

process.exitCode = await runServiceProcess({
  name: 'audit-sink',
  args: process.argv.slice(2),
  variables,
  create: createAuditSink,
})
process.exit()
