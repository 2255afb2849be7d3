/** The part of vitest's JSON report that is read here. */
export interface TestReport {
  success: boolean
  testResults: Array<{
    /** Path of the test file. */
    name: string
    status: string
    assertionResults: Array<{ status: string }>
  }>
}

export interface TestCounts {
  passed: number
  failed: number
}

/**
 * True counts: a file that could not be loaded has no failed test in the report but counts as one,
 * and so does a run that failed for another reason, such as an error outside of any test.
 */
export function countTests(report: TestReport): TestCounts {
  const statuses = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status))
  const passed = statuses.filter((status) => status === 'passed').length
  const failed = statuses.filter((status) => status === 'failed').length
  const failedFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const all = failed + failedFiles
  return { passed, failed: all === 0 && !report.success ? 1 : all }
}

/** How many tests of the file that ends in `path` passed. */
export function passedIn(report: TestReport, path: string): number {
  return countTests({ success: true, testResults: report.testResults.filter((file) => file.name.endsWith(path)) })
    .passed
}
