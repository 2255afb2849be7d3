import { passedIn, type TestReport } from './test-report.ts'

const EMBEDDED = 'packages/kafka/test/log-contract.embedded.test.ts'
const KAFKA = 'packages/kafka/test/log-contract.kafka.broker.test.ts'

export interface ContractResult {
  line: string
  ok: boolean
}

/**
 * The two forms of the log must pass the same suite, test by test.
 * `kafka` names the broker that was used; null when the tests on Kafka were left out.
 */
export function compareLogContracts(report: TestReport, kafka: string | null): ContractResult {
  const embedded = passedIn(report, EMBEDDED)
  if (kafka === null) return { line: `contract log: embedded ${embedded}, kafka left out`, ok: embedded > 0 }
  const onKafka = passedIn(report, KAFKA)
  return {
    line: `contract log: embedded ${embedded}, kafka ${onKafka} (${kafka})`,
    ok: embedded > 0 && embedded === onKafka,
  }
}
