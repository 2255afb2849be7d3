# What the examples share: names of topics, the home partition, sending. Read it with `source`; needs bash, kcat and jq.
# Written from docs/wire.md.

: "${BROKERS:=localhost:9092}" "${GROUP:?the group to take part in}" "${ZONE:=public}"

topic() {
  case $ZONE.$1 in
    public.* | *.control.*) echo "group.$GROUP.$1" ;;
    *) echo "group.$GROUP.zone.$ZONE.$1" ;;
  esac
}

# murmur2 of the Java client: the partition in which records of a task count.
home_partition() {
  local LC_ALL=C m=1540483477 mask=4294967295 i byte k h
  local -a bytes
  read -ra bytes < <(printf %s "$1" | od -An -v -tu1 | tr '\n' ' ')
  local length=${#bytes[@]}
  ((h = (2538058380 ^ length) & mask))
  for ((i = 0; i + 4 <= length; i += 4)); do
    ((k = bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24, k = (k * m) & mask))
    ((k = ((k ^ k >> 24) * m) & mask, h = ((h * m) & mask) ^ k))
  done
  if ((i < length)); then
    for ((k = 0; i + k < length; k++)); do ((h ^= bytes[i + k] << (8 * k))); done
    ((h = (h * m) & mask))
  fi
  ((h = ((h ^ h >> 13) * m) & mask, h = h ^ h >> 15))
  echo $(((h & 0x7fffffff) % $2))
}

# How many partitions the task topics of the zone have: the first zone record counts.
partitions_of_zone() {
  local found
  found=$(kcat -C -q -e -b "$BROKERS" -t "$(topic control.zones)" -o beginning -f '%s\n' |
    jq -Rn --arg zone "$ZONE" \
      'first(inputs | fromjson? | select(.type == "zone" and .payload.zone == $zone) | .payload.partitions)')
  [[ $found ]] || { echo "group $GROUP has no zone $ZONE here: run \"kafclaw topics apply\"" >&2; return 1; }
  echo "$found"
}

# id of a record that names none: derive_id TOPIC PARTITION OFFSET TIMESTAMP_MS
derive_id() {
  local hex variant
  hex=$(printf '%s\n%s\n%s\n%s' "$@" | sha256sum)
  variant=$(printf %x $((0x${hex:16:1} & 3 | 8)))
  echo "${hex:0:8}-${hex:8:4}-8${hex:13:3}-$variant${hex:17:3}-${hex:20:12}"
}

# Sends the envelope on stdin and waits until it is acknowledged: send TOPIC TASK_ID HOME_PARTITION
send() {
  kcat -P -b "$BROKERS" -t "$1" -k "$2" -p "$3" -H "kc_home=$3" -H content-type=application/json \
    -X acks=all -X enable.idempotence=true -X message.timeout.ms=60000
}
