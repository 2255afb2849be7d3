import { partitionFor } from '@kafclaw/envelope'

/** The one partition in which records of the task count on `tasks.status`, `responses` and `traces`; `partitions` comes from the zone record, never from metadata. */
export function homePartition(taskId: string, partitions: number): number {
  return partitionFor(taskId, partitions)
}

export function isHome(taskId: string, partition: number, partitions: number): boolean {
  return homePartition(taskId, partitions) === partition
}
