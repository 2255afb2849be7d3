import { processIo } from './config.ts'
import { runCli } from './run-cli.ts'

process.exitCode = await runCli(processIo())
// What is left open (a socket that lingers, a timer of a library) must not keep a finished command alive.
process.exit()
