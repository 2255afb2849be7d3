import { SCHEMA_VERSION } from '@kafclaw/envelope'
import { EXIT, VERSION } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'

export async function version({ output }: Invocation): Promise<number> {
  const value = { version: VERSION, schema_version: SCHEMA_VERSION, node: process.versions.node }
  output.data(value, () => `kafclaw ${value.version} (envelope ${value.schema_version}, Node ${value.node})`)
  return EXIT.done
}
