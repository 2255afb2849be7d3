/** Rules of R4 that tests switch off one by one, to see that something fails without them. All are on. */
export interface JournalRules {
  /** A run of a later attempt writes `started`, and a run that finds itself fenced stops. */
  fence: boolean
  /** The intent of an effect that must not happen twice, or of a question to another agent, is read back before the call. */
  readBack: boolean
  /** An effect in doubt is settled before it is tried again. */
  settle: boolean
  /** A call that took longer than it may is in doubt. */
  doubtAfterTimeout: boolean
  /** The journal is read from where the first claim says that it begins. */
  journalFrom: boolean
}

export const ALL_RULES: JournalRules = {
  fence: true,
  readBack: true,
  settle: true,
  doubtAfterTimeout: true,
  journalFrom: true,
}
