/** Tells a command that somebody wants it to end. */
export interface Interruption extends Disposable {
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal
}

const EXIT_INTERRUPTED = 130

export function watchForInterruption(): Interruption {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED)
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
