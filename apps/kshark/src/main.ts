import { createSystemEnv } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { toExitCode } from '@kafclaw/runtime'
import { parseCommandLine } from './command-line.ts'
import { variables } from './config.ts'
import { kshark } from './kshark.ts'

const { stdout, stderr } = process
try {
  const line = parseCommandLine(process.argv.slice(2))
  if (line.kind === 'tell') stdout.write(line.text)
  else process.exitCode = await kshark({ ...line, env: createSystemEnv(), variables, stdout, stderr })
} catch (thrown) {
  const error = AppError.fromUnknown(thrown, 'KC_BUG')
  stderr.write(`kshark: ${error.message}\n`)
  process.exitCode = toExitCode(error)
}
process.exit()
