import type { BrokerSubject } from './broker-subject.ts'
import { type Check, runChecks } from './check.ts'
import { checkApiVersions } from './checks/api-versions.ts'
import { checkDns } from './checks/dns.ts'
import { checkSasl } from './checks/sasl.ts'
import { checkTcp } from './checks/tcp.ts'
import { checkTls } from './checks/tls.ts'
import type { Finding } from './finding.ts'

/** The way to one broker, in the order of the wire: versions are told before anybody logs in. */
export const BROKER_CHECKS: ReadonlyArray<Check<BrokerSubject>> = [
  { layer: 'dns', needs: [], run: checkDns },
  { layer: 'tcp', needs: ['dns'], run: checkTcp },
  { layer: 'tls', needs: ['tcp'], run: checkTls },
  { layer: 'api_versions', needs: ['tls'], run: checkApiVersions },
  { layer: 'sasl', needs: ['api_versions'], run: checkSasl },
]

/** What was found on the way to each broker, and those that let us in. */
export async function checkBrokers(
  subjects: readonly BrokerSubject[],
): Promise<{ findings: Finding[]; entered: BrokerSubject[] }> {
  const paths = await Promise.all(
    subjects.map(async (subject) => ({
      subject,
      findings: await runChecks(BROKER_CHECKS, subject, { env: subject.env }),
    })),
  )
  const entered = paths.filter(({ findings }) => !findings.some(isFailed)).map(({ subject }) => subject)
  const findings = paths.flatMap((path) => path.findings)
  return { findings: entered.length > 0 ? findings.map(soften) : findings, entered }
}

function isFailed({ status }: Finding): boolean {
  return status === 'failed'
}

/** A client needs one way in. Where there is one, another that is out of reach is a weakness and no more. */
function soften(finding: Finding): Finding {
  if (finding.status !== 'failed' || finding.fault !== 'connection') return finding
  const { layer, name, seen, durationMs } = finding
  const advice = `${finding.advice} Until then clients come in by the other brokers named.`
  return { status: 'warning', layer, name, seen, advice, durationMs }
}
