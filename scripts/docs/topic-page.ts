import { TASK_PARTITIONS, TOPICS, type TopicSpec, topicConfigs } from '@kafclaw/envelope'

const DAY_MS = 86_400_000

const INTRODUCTION = `# Topics

<!-- Made from packages/envelope/src/topics.ts by \`npm run docs\`; \`npm run check\` compares the two. -->

A group is a set of topics. Their names begin with \`group.<group>.\`; those of a zone other than \`public\` with
\`group.<group>.zone.<zone>.\`, so that one ACL on a prefix fences a group or a zone. \`kafclaw topics apply\` creates them,
\`kafclaw topics check\` compares a cluster with this table; services never create a topic by the way.

Task topics have the same number of partitions (${TASK_PARTITIONS} unless the zone says otherwise, fixed for its life), so that a task has one
partition number on all of them; all others have one. The partition is murmur2 of the key, as in the Java client.

| topic | key | types | partitions | kept | scope | what lies there |
|---|---|---|---|---|---|---|
`

const GROUPS = `
## Names of consumer groups

The services read without consumer groups. One service of each zone commits offsets under two names, for groups that never have a
member: the orchestrator, else the first by rank of those that read all requests of the zone (docs/decisions/fresh-start.md). It
needs READ on them; without, the log says so once and nothing else changes. For a zone other than \`public\` the names are
\`group.<group>.zone.<zone>.open\` and \`group.<group>.zone.<zone>.work\`.

| name | on which topics | what the offset says |
|---|---|---|
| \`group.<group>.open\` | requests, \`tasks.status\`, \`responses\`, \`dlq\` | Every request before it has an outcome and is past its \`expires_at\`: a service that knows nothing yet begins here. |
| \`group.<group>.work\` | requests | The first request that nobody has claimed and that has no outcome. Its lag is what KEDA, Burrow and dashboards show. |

Never start a consumer of your own under one of these names: its commits would send newcomers past requests that are open.

## ACLs

All resources are prefixed (\`--resource-pattern-type prefixed\`); READ and WRITE include DESCRIBE. In a zone other than \`public\` the
prefix \`group.<group>.zone.<zone>.\` takes the place of \`group.<group>.\`, and READ on topics \`group.<group>.control.\` is needed beside it;
for agents and for whoever decides also WRITE on \`group.<group>.control.approvals\`.

| who | topics | consumer groups |
|---|---|---|
| services, \`kafclaw up\` on topics that are there, commands that write | READ and WRITE on \`group.<group>.\` | READ on \`group.<group>.\`, for the two names above |
| commands that only look (\`tasks\`, \`run\`, \`trace\`, \`agents\`, \`approvals list\`, \`dlq list\`) | READ on \`group.<group>.\` | |
| \`kafclaw topics apply\`, \`plan\`, \`check\` | CREATE, DESCRIBE_CONFIGS, READ and WRITE on \`group.<group>.\` | |
| a program that asks | WRITE on \`group.<group>.requests\` or the topic of the skill, READ on \`group.<group>.responses\` | READ on its own, where it uses one |
| a program that serves a skill | READ on \`group.<group>.skill.<skill>.requests\`, WRITE on \`group.<group>.responses\` | READ on its own; choose a name outside of \`group.<group>.\` |
| \`kafclaw kshark\` | READ and DESCRIBE_CONFIGS on \`group.<group>.\`; READ, WRITE and CREATE on \`kafclaw.kshark.probe\` | DESCRIBE on all, to see members and lag |
`

/** The text of docs/topics.md. */
export function topicPage(): string {
  const specs = Object.values(TOPICS)
  return `${INTRODUCTION}${specs.map(tableRow).join('')}\n## Configs\n\n${specs.map(configs).join('')}${GROUPS}`
}

function tableRow(spec: TopicSpec): string {
  const cells = [
    `\`${spec.suffix}\``,
    spec.key.replaceAll('<', '&lt;'),
    spec.types.map((type) => `\`${type}\``).join(' '),
    spec.partitions === 'task' ? 'task' : '1',
    retention(spec),
    spec.scope,
    spec.description,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
}

function retention({ cleanup, retentionMs }: TopicSpec): string {
  if (cleanup === 'compact') return 'the last of each key'
  return retentionMs === null ? 'for ever' : `${retentionMs / DAY_MS} days`
}

function configs(spec: TopicSpec): string {
  const settings = Object.entries(topicConfigs(spec.kind)).map(([name, value]) => `\`${name}=${value}\``)
  return `- \`${spec.suffix}\`: ${settings.join(', ')}\n`
}
