/** A case that needs something that is not there: it has not passed. */
export class CannotRun extends Error {}
