export { applyTopics, plannedTopics, type TopicScope, type ZoneSettings } from './apply-topics.ts'
export { createDataFolder, type DataFolder, type MemberFiles } from './data-folder.ts'
export { createRecordSource, type DecisionSource, parseTraceSubject, type TraceSubject } from './decision.ts'
export { describeGap } from './describe-gap.ts'
export { formatDuration, parseDuration } from './duration.ts'
export { EXIT, toExitCode } from './exit-codes.ts'
export { createFollowingService } from './following-service.ts'
export {
  type Asked,
  connectGroup,
  type GroupClient,
  type GroupClientOptions,
  type Question,
  readZone,
} from './group-client.ts'
export { groupTopics, readGroupRecords } from './group-records.ts'
export type { GroupView } from './group-view.ts'
export { type Host, type HostOptions, type MemberParts, openHost, openMember, type Service, VERSION } from './host.ts'
export { type BlobChunk, chunkOf, joinChunks, parseOutput } from './journal/blob-store.ts'
export { createMember, type Member, type MemberEnd } from './member.ts'
export type { MemberOptions } from './member-core.ts'
export { keepMemberId } from './member-id.ts'
export { deadLetterPoison } from './poison-records.ts'
export type { Readiness, ReadinessCheck } from './readiness.ts'
export { buildRecordTree, type RecordNode, sortRecords, type TreeLink } from './record-tree.ts'
export { renderTree } from './render-tree.ts'
export type {
  ChildRequest,
  Run,
  RunHandler,
  RunOutcome,
  Settlement,
  StepCall,
  StepOutcome,
  StepOutput,
  StepResult,
  StepSpec,
} from './run.ts'
export { type NewRecord, type SentRecord, toOutgoing } from './sender.ts'
export { readServedBy, type ServedBy } from './served-by.ts'
export { runServiceProcess, type ServiceProcess, toEndCode } from './service-process.ts'
export { type ReadSettings, readSettings, type SettingOverrides, type Settings } from './settings.ts'
export { generateConfigurationDoc } from './settings-doc.ts'
export type { Secret } from './settings-secret.ts'
export { type Mode, type Origin, SETTINGS, type Service as ServiceName, type SettingKey } from './settings-table.ts'
export { type SettingView, viewSettings } from './settings-view.ts'
export type { StoredTask } from './task-store.ts'
export { summarize } from './timeline.ts'
export { createTopicFollower, type FollowedRows, type TopicFollower } from './topic-follower.ts'
export { type CitedRecord, type TracedRecord, toTracedRecord } from './traced-record.ts'
