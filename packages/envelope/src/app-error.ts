import { ERRORS, type ErrorCode } from './errors.ts'

export interface AppErrorOptions {
  /** Facts for us: logged, never shown to a caller. */
  readonly details?: Record<string, unknown>
  readonly cause?: unknown
}

/** The one error class: a code of the table, a message for the operator, details for the log. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus
  }

  /** Safe to show to anybody, unlike `message`. */
  get publicMessage(): string {
    return ERRORS[this.code].publicMessage
  }

  /** Keeps an AppError as it is and wraps anything else that was thrown under the fallback code. */
  static fromUnknown(thrown: unknown, fallback: ErrorCode): AppError {
    if (thrown instanceof AppError) return thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return new AppError(fallback, message || ERRORS[fallback].publicMessage, { cause: thrown })
  }
}
