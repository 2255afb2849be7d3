import { LOG_LEVELS } from '@kafclaw/telemetry'
import * as kind from './settings-kinds.ts'

/** The programs that read settings, named as their folders under apps/. */
export const SERVICES = ['agent-worker', 'memory-indexer', 'audit-sink', 'orchestrator', 'kafclaw', 'kshark'] as const
export type Service = (typeof SERVICES)[number]

/** Those that keep files and run until they are stopped. */
const MEMBERS: readonly Service[] = SERVICES.filter((name) => name !== 'kshark')

const MODES = ['local', 'local-kafka'] as const
export type Mode = (typeof MODES)[number]

export const SECTIONS = ['Group', 'Kafka', 'Agent', 'Model', 'Memory', 'Host'] as const

/** One setting. A `Fallback` of null means that it may be missing, or that its default depends on others. */
export interface Setting<T, Fallback extends string | null> {
  /** The environment variable. */
  readonly variable: `KAFCLAW_${string}`
  readonly section: (typeof SECTIONS)[number]
  readonly kind: kind.Kind<T>
  /** The text that counts when nobody sets it. */
  readonly fallback: Fallback
  /** What counts when nobody sets it and `fallback` is null, for people. */
  readonly otherwise?: string
  readonly description: string
  /** Never printed or logged, and may stand in a file named by `<variable>_FILE`. */
  readonly isSecret?: true
  readonly services: readonly Service[]
}

/** Every setting of KafClaw; reading, messages, `config view` and docs/configuration.md all come from this table. */
export const SETTINGS = {
  group: setting({
    variable: 'KAFCLAW_GROUP',
    section: 'Group',
    kind: kind.name,
    fallback: 'local',
    otherwise: '`local`; must be set when brokers are set',
    description: 'Name of the group. It stands in the name of every topic and is the boundary that ACLs can draw.',
    services: SERVICES,
  }),
  zone: setting({
    variable: 'KAFCLAW_ZONE',
    section: 'Group',
    kind: kind.name,
    fallback: 'public',
    description: 'Zone in which this member works: a set of topics of its own within the group.',
    services: SERVICES,
  }),
  mode: setting({
    variable: 'KAFCLAW_MODE',
    section: 'Group',
    kind: kind.oneOf(MODES),
    fallback: null,
    otherwise: '`local-kafka` when brokers are set, else `local`',
    description:
      '`local`: one machine on the embedded log. `local-kafka`: member of a group on Kafka. Set it to be told when the brokers are forgotten.',
    services: SERVICES,
  }),
  leaseMs: setting({
    variable: 'KAFCLAW_LEASE',
    section: 'Group',
    kind: kind.duration(1_000, 600_000),
    fallback: '12s',
    description:
      'How long an agent may be silent before others take over its tasks. Written to the zone by `topics apply`, `up` and `demo`; all members follow what is written there.',
    services: ['kafclaw'],
  }),
  kafkaBrokers: setting({
    variable: 'KAFCLAW_KAFKA_BROKERS',
    section: 'Kafka',
    kind: kind.brokers,
    fallback: null,
    otherwise: 'none: the embedded log',
    description: 'Brokers to begin with. Setting it is what joins a group on Kafka.',
    services: SERVICES,
  }),
  kafkaProperties: setting({
    variable: 'KAFCLAW_KAFKA_PROPERTIES',
    section: 'Kafka',
    kind: kind.readableFile,
    fallback: null,
    otherwise: 'none: PLAINTEXT',
    description:
      'Java properties file with the security of the connection: `security.protocol`, `sasl.mechanism`, `sasl.jaas.config`, `ssl.truststore.*`, `ssl.keystore.*` (PEM).',
    services: SERVICES,
  }),
  agentId: setting({
    variable: 'KAFCLAW_AGENT_ID',
    section: 'Agent',
    kind: kind.agentId,
    fallback: null,
    otherwise: 'made once (`agent-<6 hex>`) and kept in the data folder',
    description:
      'Id of the agent in its group; two running agents must not share one. Audit sink and orchestrator have ids of their own, made and kept the same way; an orchestrator takes this one where it is set for its process.',
    services: ['agent-worker', 'memory-indexer', 'orchestrator', 'kafclaw'],
  }),
  skills: setting({
    variable: 'KAFCLAW_SKILLS',
    section: 'Agent',
    kind: kind.skills,
    fallback: 'chat',
    description:
      'Skills for which the agent takes tasks, but for those that a consumer group serves (`topics apply --skill <s> --served-by group`).',
    services: ['agent-worker', 'kafclaw'],
  }),
  instructionsFile: setting({
    variable: 'KAFCLAW_INSTRUCTIONS_FILE',
    section: 'Agent',
    kind: kind.readableFile,
    fallback: null,
    otherwise: 'none: a short built-in text',
    description: 'Text file with what the agent is and how it should answer; the beginning of every conversation.',
    services: ['agent-worker', 'kafclaw'],
  }),
  concurrency: setting({
    variable: 'KAFCLAW_CONCURRENCY',
    section: 'Agent',
    kind: kind.integer(1, 1_000),
    fallback: '8',
    description: 'Tasks that the agent works on at once; further ones wait, or go to other agents.',
    services: ['agent-worker', 'kafclaw'],
  }),
  modelUrl: setting({
    variable: 'KAFCLAW_MODEL_URL',
    section: 'Model',
    kind: kind.url,
    fallback: null,
    otherwise: 'none: the built-in offline model',
    description:
      'Base URL of an endpoint that speaks the OpenAI chat protocol, for example `https://api.openai.com/v1`.',
    services: ['agent-worker', 'kafclaw'],
  }),
  model: setting({
    variable: 'KAFCLAW_MODEL',
    section: 'Model',
    kind: kind.text,
    fallback: null,
    otherwise: 'none; must be set when the URL is set',
    description: 'Name of the model as the endpoint knows it.',
    services: ['agent-worker', 'kafclaw'],
  }),
  modelKey: setting({
    variable: 'KAFCLAW_MODEL_KEY',
    section: 'Model',
    kind: kind.secret,
    fallback: null,
    otherwise: 'none: no Authorization header',
    description: 'API key of the endpoint.',
    isSecret: true,
    services: ['agent-worker', 'kafclaw'],
  }),
  embeddingUrl: setting({
    variable: 'KAFCLAW_EMBEDDING_URL',
    section: 'Memory',
    kind: kind.url,
    fallback: null,
    otherwise: 'none: the built-in `hash-v1`, which compares words',
    description: 'Base URL of an endpoint that serves `/embeddings` as OpenAI does, for recall by meaning.',
    services: ['agent-worker', 'memory-indexer', 'kafclaw'],
  }),
  embeddingModel: setting({
    variable: 'KAFCLAW_EMBEDDING_MODEL',
    section: 'Memory',
    kind: kind.text,
    fallback: null,
    otherwise: 'none; must be set when the URL is set',
    description: 'Name of the embedding model. After a change the index is built anew.',
    services: ['agent-worker', 'memory-indexer', 'kafclaw'],
  }),
  embeddingKey: setting({
    variable: 'KAFCLAW_EMBEDDING_KEY',
    section: 'Memory',
    kind: kind.secret,
    fallback: null,
    otherwise: 'none: no Authorization header',
    description: 'API key of the embedding endpoint.',
    isSecret: true,
    services: ['agent-worker', 'memory-indexer', 'kafclaw'],
  }),
  memoryDb: setting({
    variable: 'KAFCLAW_MEMORY_DB',
    section: 'Memory',
    kind: kind.laterFile,
    fallback: null,
    otherwise: 'none: recall asks the memory indexer of the agent over the log',
    description: 'The `memory.db` of this agent, where its indexer runs on the same machine or in the same pod.',
    services: ['agent-worker'],
  }),
  dataDir: setting({
    variable: 'KAFCLAW_DATA_DIR',
    section: 'Host',
    kind: kind.folder,
    fallback: null,
    otherwise: '`$XDG_STATE_HOME/kafclaw`, else `~/.local/state/kafclaw`',
    description:
      'Folder of everything that a member keeps. It must survive a restart; never share it between machines.',
    services: MEMBERS,
  }),
  cacheDir: setting({
    variable: 'KAFCLAW_CACHE_DIR',
    section: 'Host',
    kind: kind.folder,
    fallback: null,
    otherwise: '`$XDG_CACHE_HOME/kafclaw`, else `~/.cache/kafclaw`',
    description:
      'Folder for what is downloaded once: the Kafka that `demo --kafka` and the tests start. It may be removed at any time.',
    services: ['kafclaw'],
  }),
  retentionDays: setting({
    variable: 'KAFCLAW_RETENTION_DAYS',
    section: 'Host',
    kind: kind.integer(14, 3_650),
    fallback: '14',
    description:
      'Days for which finished tasks and the timeline stay in the local database; not less than the 14 days for which topics keep outcomes.',
    services: MEMBERS,
  }),
  adminAddress: setting({
    variable: 'KAFCLAW_ADMIN_ADDR',
    section: 'Host',
    kind: kind.address,
    fallback: '127.0.0.1:0',
    description:
      'Where `/livez`, `/readyz` and `/metrics` are served, from half a second after the service is ready or two seconds after its start; the ready line names the port that was taken. In Kubernetes `0.0.0.0:9464`. One-shot commands serve nothing.',
    services: MEMBERS,
  }),
  adminToken: setting({
    variable: 'KAFCLAW_ADMIN_TOKEN',
    section: 'Host',
    kind: kind.secret,
    fallback: null,
    otherwise: 'none: open to whoever reaches the address',
    description:
      'Bearer token for `/metrics` and `/readyz?verbose`. `/livez` and plain `/readyz` stay open, for the probes of Kubernetes.',
    isSecret: true,
    services: MEMBERS,
  }),
  logLevel: setting({
    variable: 'KAFCLAW_LOG_LEVEL',
    section: 'Host',
    kind: kind.oneOf(LOG_LEVELS),
    fallback: 'info',
    description: 'The least important lines that services write to stderr.',
    services: SERVICES,
  }),
}

export type SettingKey = keyof typeof SETTINGS

export type Variables = Readonly<Record<string, string | undefined>>

/** Where a value comes from: a flag, the environment, a file named in the environment, or the table. */
export type Origin = 'flag' | 'env' | 'file' | 'default'

type Table = typeof SETTINGS
type ValueOf<S> = S extends Setting<infer T, infer Fallback> ? (Fallback extends null ? T | null : T) : never

/** What has been set, each value of its type; null where nothing counts. */
export type RawSettings = { readonly [Key in SettingKey]: ValueOf<Table[Key]> }

/** Settings in the order of the table, without the types of their values. */
export function listSettings(): Array<[SettingKey, Setting<unknown, string | null>]> {
  return Object.entries(SETTINGS) as Array<[SettingKey, Setting<unknown, string | null>]>
}

function setting<T, const Fallback extends string | null>(entry: Setting<T, Fallback>): Setting<T, Fallback> {
  return entry
}
