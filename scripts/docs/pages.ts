import { envelopeSchema } from '../../packages/envelope/src/envelope-schema.ts'
import { PAYLOAD_SCHEMAS } from '../../packages/envelope/src/payloads/payload-table.ts'
import { generateConfigurationDoc } from '../../packages/runtime/src/settings-doc.ts'
import { errorPage } from './error-page.ts'
import { topicPage } from './topic-page.ts'

type TypeName = keyof typeof PAYLOAD_SCHEMAS

/** Every page that is made from code: its path from the root and its text. */
export function generatedPages(): Map<string, string> {
  const types = Object.keys(PAYLOAD_SCHEMAS).filter((name): name is TypeName => name in PAYLOAD_SCHEMAS)
  return new Map([
    ['docs/configuration.md', generateConfigurationDoc()],
    ['docs/errors.md', errorPage()],
    ['docs/topics.md', topicPage()],
    ...types.map((type): [string, string] => [
      `docs/schemas/${type}.json`,
      `${JSON.stringify(envelopeSchema(type), null, 2)}\n`,
    ]),
  ])
}
