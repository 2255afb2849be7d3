#!/usr/bin/env bash
# Asks an agent or a skill and waits for the outcome (docs/wire.md, section 5).
#   BROKERS=localhost:9092 GROUP=acme ./ask.sh "Which port does billing listen on?"
#   GROUP=acme SKILL=text.reverse ./ask.sh stressed
#   GROUP=acme TO=agent-b ./ask.sh "What do you know about billing?"
# Exit codes: 0 completed, 1 another outcome or an error, 3 no outcome in time.
set -euo pipefail
source "$(dirname "$0")/group.sh"

question=$*
timeout_s=${TIMEOUT:-60}
task_id=task_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
partitions=$(partitions_of_zone)
home=$(home_partition "$task_id" "$partitions")
responses=$(topic responses)

asked_on=$(topic requests)
own_topic=$(topic "skill.${SKILL:-chat}.requests")
if [[ -z ${TO:-} ]] &&
  kcat -L -J -b "$BROKERS" | jq -e --arg own "$own_topic" 'any(.topics[]; .topic == $own)' >/dev/null; then
  asked_on=$own_topic
fi

# Where the home partition ends now: what comes later is the answer.
from=$(kcat -Q -b "$BROKERS" -t "$responses:$home:-1" | sed 's/.*offset //')

jq -nc --arg task "$task_id" --arg text "$question" --arg to "${TO:-}" --arg skill "${SKILL:-chat}" \
  --argjson life "$timeout_s" '{
  type: "request", sender_id: "shell-ask", correlation_id: $task, expires_at: (now + $life | floor | todate),
  payload: {content: $text, skill: $skill}} + if $to == "" then {} else {recipient_id: $to} end' |
  send "$asked_on" "$task_id" "$home"

# The first response of the task is the outcome.
exec {records}< <(exec timeout "$timeout_s" kcat -C -q -u -b "$BROKERS" -t "$responses" -p "$home" -o "$from" -f '%s\n')
reader=$!
IFS= read -r outcome < <(jq --unbuffered -Rc --arg task "$task_id" \
  'fromjson? | select(.type == "response" and .correlation_id == $task) | .payload' <&"$records") || true
kill "$reader" 2>/dev/null || true
[[ $outcome ]] || { echo "no outcome of $task_id within $timeout_s s" >&2; exit 3; }
if [[ $(jq -r '.status // "completed"' <<<"$outcome") != completed ]]; then
  jq -r '"\(.status): \(.error.message)"' <<<"$outcome" >&2
  exit 1
fi
jq -r .content <<<"$outcome"
