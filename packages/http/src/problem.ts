import { AppError, ERRORS, type ErrorCode } from '@kafclaw/envelope'

/** The body of an error answer, application/problem+json (RFC 9457), with our code and whether to try again. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode
  retryable: boolean
}

export const PROBLEM_JSON = 'application/problem+json; charset=utf-8'

/**
 * Says to a caller what went wrong, without what is only for us: the text comes from the error table, never from the
 * error itself. A request that the HTTP layer refused keeps its 4xx status; whatever is unknown is a 500.
 */
export function toProblem(error: unknown): Problem {
  const refused = error instanceof AppError ? null : refusedStatus(error)
  const code = error instanceof AppError ? error.code : codeOfStatus(refused)
  const { httpStatus, publicMessage, retryable } = ERRORS[code]
  const status = refused ?? httpStatus
  return {
    type: `urn:kafclaw:error:${code}`,
    title: TITLES[status] ?? (status < 500 ? 'Request refused' : 'Service error'),
    status,
    detail: publicMessage,
    code,
    retryable,
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not authorised',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
}

function refusedStatus(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null
  const { statusCode } = error
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null
}

function codeOfStatus(status: number | null): ErrorCode {
  switch (status) {
    case null:
      return 'KC_BUG'
    case 401:
      return 'KC_HTTP_NOT_AUTHENTICATED'
    case 404:
      return 'KC_NOT_FOUND'
    default:
      return 'KC_HTTP_BAD_REQUEST'
  }
}
