import { listSettings, SECTIONS, SERVICES, type Setting } from './settings-table.ts'

/** The text of docs/configuration.md. */
export function generateConfigurationDoc(): string {
  return `${INTRODUCTION}\n${SECTIONS.map(describeSection).join('\n')}\n${WHERE_FILES_LIE}`
}

const INTRODUCTION = `# Configuration

<!-- Made from packages/runtime/src/settings-table.ts; \`npm run check\` compares the two. -->

Settings are environment variables. Without any of them KafClaw runs on one machine, on its embedded log, with the built-in offline model.

- **Precedence**: a flag of the command line, the variable, the file of \`<variable>_FILE\`, the default. \`kafclaw config view --origin\` prints what counts and where it comes from.
- **Secrets** may stand in a file: \`KAFCLAW_MODEL_KEY_FILE=/run/secrets/model-key\`. Space around the text of the file does not count. They are never printed.
- **An empty value** is the same as none.
- **Durations** are a whole number and a unit: \`500ms\`, \`12s\`, \`10m\`, \`24h\`, \`7d\`. **Lists** have commas between their entries. **Names** are at most 63 characters \`a-z\`, \`0-9\`, \`_\` and \`-\`, beginning with a letter or digit.
- **Wrong settings** end the start with exit code 2 and one message that names all of them. A variable that begins with \`KAFCLAW_\` and is not in this table is reported as a warning.
`

const WHERE_FILES_LIE = `## Where files lie

\`\`\`
$KAFCLAW_DATA_DIR/
  <group>/
    log.db                 the embedded log (mode local)
    agent.id               the id that was made for the agent
    audit-sink.id, orchestrator.id
                           the same for these two
    <agent or service>/    one folder a member, locked by its process
      state.db             what it has read, decided and sent
      memory.db            the retrieval index (memory-indexer)
      audit.db             the audit records (audit-sink)
\`\`\`
`

function describeSection(section: (typeof SECTIONS)[number]): string {
  const settings = listSettings()
    .map(([, setting]) => setting)
    .filter((setting) => setting.section === section)
  const head = '| variable | value | default | meaning | read by |\n|---|---|---|---|---|'
  return `## ${section}\n\n${head}\n${settings.map(describeSetting).join('\n')}\n`
}

function describeSetting(setting: Setting<unknown, string | null>): string {
  const fallback = setting.otherwise ?? `\`${setting.fallback}\``
  const services = setting.services.length === SERVICES.length ? 'all' : setting.services.join(', ')
  const variable = setting.isSecret
    ? `\`${setting.variable}\`, \`${setting.variable}_FILE\``
    : `\`${setting.variable}\``
  return `| ${variable} | ${setting.kind.name} | ${fallback} | ${setting.description} | ${services} |`
}
