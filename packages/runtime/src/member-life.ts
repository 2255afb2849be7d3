/** Where a member stands in its life; its parts look here. */
export interface MemberLife {
  /** The first beat of this boot was read back: it may claim. */
  isConfirmed: boolean
  /** It stops, or has been replaced: it claims no more. */
  isLeaving: boolean
  /** Aborted when the last thing has been stored: nothing more is read or written. */
  readonly closed: AbortController
}

export function createMemberLife(): MemberLife {
  return { isConfirmed: false, isLeaving: false, closed: new AbortController() }
}
