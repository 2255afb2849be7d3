import { generateSchemas } from '@kafclaw/envelope/docs'
import { generateConfigurationDoc } from '../../packages/runtime/src/settings-doc.ts'
import { errorPage } from './error-page.ts'
import { readGoldenRecords } from './golden-records.ts'
import { topicPage } from './topic-page.ts'

/** Every page that is made from code: its path from the root and its text. */
export function generatedPages(): Map<string, string> {
  return new Map([
    ['docs/configuration.md', generateConfigurationDoc()],
    ['docs/errors.md', errorPage()],
    ['docs/topics.md', topicPage()],
    ...[...generateSchemas(readGoldenRecords())].map(([file, text]): [string, string] => [
      `docs/schemas/${file}`,
      text,
    ]),
  ])
}
