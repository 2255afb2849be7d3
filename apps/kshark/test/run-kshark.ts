import { PassThrough } from 'node:stream'
import { createSystemEnv } from '@kafclaw/env'
import type { Layer, Status } from '../src/finding.ts'
import { type KsharkRequest, kshark } from '../src/kshark.ts'

interface Told {
  layer: Layer
  name: string
  status: Status
  seen: string
  advice: string | null
}

export interface Outcome {
  code: number
  findings: Told[]
  /** Those that failed, as `layer name: seen`. */
  failed: string[]
  of(layer: Layer): Told[]
}

/** Runs kshark with nothing but these settings. */
export async function runKshark(
  variables: Record<string, string>,
  options: Partial<Pick<KsharkRequest, 'strict' | 'mayProbe'>> = {},
): Promise<Outcome> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const code = await kshark({
    env: createSystemEnv(),
    variables: { HOME: '/nonexistent', ...variables },
    overrides: {},
    format: 'json',
    strict: false,
    mayProbe: true,
    ...options,
    stdout,
    stderr,
  })
  const { findings, exit_code }: { findings: Told[]; exit_code: number } = JSON.parse(String(stdout.read()))
  if (exit_code !== code) throw new Error(`exit code ${code}, but the document says ${exit_code}`)
  return {
    code,
    findings,
    failed: findings
      .filter(({ status }) => status === 'failed')
      .map(({ layer, name, seen }) => `${layer} ${name}: ${seen}`),
    of: (layer) => findings.filter((finding) => finding.layer === layer),
  }
}
