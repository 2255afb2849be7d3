#!/usr/bin/env bash
# Serves a skill with an ordinary consumer group (docs/wire.md, section 6): reverses texts.
#   BROKERS=localhost:9092 GROUP=acme ./serve.sh text.reverse
set -euo pipefail
source "$(dirname "$0")/group.sh"

skill=${1:-text.reverse}
name=${NAME:-shell-serve}
idle_s=2
partitions=$(partitions_of_zone)
responses=$(topic responses)

# The skill: the text of a request on stdin, the answer on stdout.
work() { jq -Rsj 'explode | reverse | implode'; }

# kcat commits what it has printed, answered or not. So here it commits only when it ends, and it is ended, and started
# again, when all that it has printed is answered. After a crash the rest is answered again: the first answer counts.
read_requests() {
  # Where the system can, it does not outlive this script: it would hold its partitions and read them for nobody.
  local guard=()
  ! command -v setpriv >/dev/null || guard=(setpriv --pdeathsig KILL)
  exec "${guard[@]}" kcat -q -u -J -b "$BROKERS" -X auto.offset.reset=earliest -X auto.commit.interval.ms=86400000 \
    -X session.timeout.ms=10000 -G "$GROUP.$name" "$(topic "skill.$skill.requests")"
}

# One record as kcat -J prints it. What is no valid request is passed over.
serve_one() {
  local record=$1 request id task_id home
  request=$(jq -c '.payload | fromjson? | select(.type == "request" and (.payload.content | type) == "string")' \
    <<<"$record") || return 0
  [[ $request ]] || return 0
  id=$(jq -r '.id // empty' <<<"$request")
  [[ $id ]] || id=$(derive_id "$(jq -r .topic <<<"$record")" $(jq -r '.partition, .offset, .ts' <<<"$record"))
  task_id=$(jq -r --arg default "task_$id" '.correlation_id // $default' <<<"$request")
  is_expired "$request" && return 0
  home=$(home_partition "$task_id" "$partitions")
  jq -j .payload.content <<<"$request" | work |
    jq -Rsc --arg id "$id" --arg task "$task_id" --arg name "$name" '{
      type: "response", sender_id: $name, correlation_id: $task, causation_id: $id,
      payload: {content: ., agent_id: $name}}' |
    send "$responses" "$task_id" "$home"
}

is_expired() {
  local at
  at=$(jq -r '.expires_at // empty' <<<"$1")
  [[ $at ]] && (($(date -d "$at" +%s) < $(date +%s)))
}

stopping= reader=
trap 'stopping=1; [[ -z $reader ]] || kill "$reader" 2>/dev/null || true' TERM INT
# A failed answer must not be committed.
trap '[[ -z $reader ]] || kill -KILL "$reader" 2>/dev/null || true' EXIT

echo ready
while [[ -z $stopping ]]; do
  exec {requests}< <(read_requests)
  reader=$!
  line= answered=
  while true; do
    if IFS= read -r -t "$idle_s" -u "$requests" part; then
      serve_one "$line$part"
      line= answered=1
    elif (($? > 128)); then
      # Nothing came for a while; a part of a line may have.
      line+=$part
      [[ -z $answered ]] || kill "$reader" 2>/dev/null || true
    else
      break
    fi
  done
  exec {requests}<&-
  reader=
done
