import { type LogForm, useContractLog } from './contract/contract-log.ts'
import { endsOfTheLogContract } from './contract/ends-of-the-log.ts'
import { groupOffsetsContract } from './contract/group-offsets.ts'
import { publishingContract } from './contract/publishing.ts'
import { readingContract } from './contract/reading.ts'
import { topicsContract } from './contract/topics.ts'

/** The guarantees of a Log, the same for every form. */
export function logContract(setUp: () => Promise<LogForm>): void {
  const under = useContractLog(setUp)
  publishingContract(under)
  readingContract(under)
  endsOfTheLogContract(under)
  topicsContract(under)
  groupOffsetsContract(under)
}
