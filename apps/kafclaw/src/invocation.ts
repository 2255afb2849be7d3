import { createSystemEnv, type Env } from '@kafclaw/env'
import type { SettingOverrides } from '@kafclaw/runtime'
import type { Io } from './io.ts'
import { createOutput, type Output, type OutputFormat } from './output/output.ts'

/** One command as it was called: what its action gets beside its own arguments. */
export interface Invocation {
  readonly io: Io
  readonly env: Env
  readonly output: Output
  /** Settings given as flags. */
  readonly overrides: SettingOverrides
}

/** Options that every command knows. */
export interface GlobalOptions {
  readonly output: OutputFormat
  readonly group?: string
  readonly zone?: string
  readonly agentId?: string
  readonly brokers?: string
  readonly dataDir?: string
}

export function createInvocation(io: Io, options: GlobalOptions): Invocation {
  return {
    io,
    env: createSystemEnv(),
    output: createOutput(io, options.output),
    overrides: {
      group: options.group,
      zone: options.zone,
      agentId: options.agentId,
      kafkaBrokers: options.brokers,
      dataDir: options.dataDir,
    },
  }
}
