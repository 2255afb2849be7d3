import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'

let isPatched = false

/**
 * kafkajs arms a timer of a negative delay after every answer, for ever, which Node runs each millisecond: 5 to 7 % of a core
 * for each connection, and a TimeoutNegativeWarning. A timer is needed only while requests wait, that is under throttling
 * (KIP-219): at any other moment the queue is looked at when an answer comes.
 */
export function patchRequestQueueTimer(): void {
  if (isPatched) return
  isPatched = true
  const schedule = RequestQueue.prototype.scheduleCheckPendingRequests
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleWhilePending() {
    if (this.pending.length > 0) schedule.call(this)
  }
}
