"""The envelope of KafClaw in Python: what every reader must make of a record. Written from docs/wire.md."""

import hashlib
import json
import re
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

READ_LIMIT_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_MEMBERS = 10_000
MAX_WHOLE = 2**53 - 1
HOUR_MS = 3_600_000

# What lies on a topic (docs/topics.md), and for compacted topics the field of the payload that must be the key.
TYPE_ON_TOPIC = {
    "requests": "request",
    "tasks.status": "task_status",
    "responses": "response",
    "traces": "trace",
    "announce": "announce",
    "memory.shared": "memory",
    "observe.audit": "audit",
    "control.zones": "zone",
    "control.skills": "skill",
    "control.approvals": "approval",
}
KEY_ON_TOPIC = {"announce": "agent_id", "memory.shared": "item_id", "control.zones": "zone", "control.skills": "skill"}


def topic(group, zone, suffix):
    """Name of a topic; those under `control.` belong to the whole group."""
    inner = "" if zone == "public" or suffix.startswith("control.") else f"zone.{zone}."
    return f"group.{group}.{inner}{suffix}"


def skill_topic(group, zone, skill):
    return topic(group, zone, f"skill.{skill}.requests")


def parse_topic(name):
    """(group, zone, suffix, skill or None) of a topic name; None when it is not one of a group."""
    match = re.fullmatch(r"group\.([a-z0-9][a-z0-9_-]*)\.(?:zone\.([a-z0-9][a-z0-9_-]*)\.)?(.+)", name)
    if not match:
        return None
    group, zone, suffix = match.groups()
    skill = re.fullmatch(r"skill\.(.+)\.requests", suffix)
    return group, zone or "public", "requests" if skill else suffix, skill and skill[1]


# --- Hashes (sections 2, 4 and 9) ---


def derive_id(topic_name, partition, offset, timestamp_ms):
    """The id of a record that does not name one: UUIDv8 of its place and append time."""
    text = f"{topic_name}\n{partition}\n{offset}\n{timestamp_ms}"
    digest = bytearray(hashlib.sha256(text.encode("ascii")).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def murmur2(data):
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    end = len(data) & ~3
    for i in range(0, end, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    if end < len(data):
        h = (h ^ int.from_bytes(data[end:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def home_partition(task_id, partitions):
    """The one partition where records of the task count; `partitions` is that of the zone record."""
    return (murmur2(task_id.encode()) & 0x7FFFFFFF) % partitions


def rank_number(*parts):
    """Agents take a task in ascending order of rank_number(task id, attempt, agent id)."""
    return int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:8], "big")


def sha256_hex(text):
    return hashlib.sha256(text.encode()).hexdigest()


# --- Times (section 1) ---

TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_time(text):
    """Milliseconds since 1970 of an RFC 3339 time, or None. Not by datetime, which has no year 0."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign = match[7] or "", match[8]
    ahead_hours, ahead_minutes = (int(match[9]), int(match[10])) if sign else (0, 0)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= MONTH_DAYS[month - 1] + (leap and month == 2):
        return None
    if hour > 23 or minute > 59 or second > 59 or ahead_hours > 23 or ahead_minutes > 59:
        return None
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400 - 719_162
    days += sum(MONTH_DAYS[: month - 1]) + (leap and month > 2) + day - 1
    minutes = days * 1440 + hour * 60 + minute - (-1 if sign == "-" else 1) * (ahead_hours * 60 + ahead_minutes)
    return (minutes * 60 + second) * 1000 + int(fraction.ljust(3, "0")[:3])


def format_time(ms):
    time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z".rjust(24, "0")


# --- JSON that may be hostile (section 3) ---


class Poison(Exception):
    """Every reader refuses this record."""


def parse_json(data):
    if len(data) > READ_LIMIT_BYTES:
        raise Poison("the value is too large")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=to_object,
            parse_int=to_whole,
            parse_float=to_number,
            parse_constant=refuse_constant,
        )
    except UnicodeDecodeError:
        raise Poison("the value is not UTF-8") from None
    except (ValueError, RecursionError) as err:
        raise Poison(f"the value is not JSON: {err}") from None
    measure(value)
    return value


def to_object(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Poison("an object has the same member twice")
    if "__proto__" in members:
        raise Poison("a member is called __proto__")
    return members


def to_whole(digits):
    if len(digits) > 17 or abs(int(digits)) > MAX_WHOLE:
        raise Poison("a whole number is beyond 2^53 - 1")
    return int(digits)


def to_number(digits):
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Poison("a number is too large for a double")
    return number


def refuse_constant(name):
    raise Poison(f"{name} is not JSON")


def measure(value):
    """Depth, and members and elements in all, without recursion."""
    count, level, depth = 0, [value], 0
    while level:
        below = []
        nested = False
        for item in level:
            if isinstance(item, (dict, list)):
                nested = True
                count += len(item)
                below.extend(item.values() if isinstance(item, dict) else item)
        depth += nested
        if depth > MAX_DEPTH:
            raise Poison("the value is nested too deep")
        if count > MAX_MEMBERS:
            raise Poison("the value has too many members")
        level = below


# --- Schemas (docs/schemas): strict for writers, lenient here ---


def load_schemas():
    here = Path(__file__).resolve().parent
    folder = next(folder for folder in (here / "schemas", here.parents[1] / "schemas") if folder.is_dir())
    return {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")}


SCHEMAS = load_schemas()


def is_whole(value):
    return isinstance(value, int) or isinstance(value, float) and value.is_integer()


JSON_TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: not isinstance(value, bool) and is_whole(value),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def follows(schema, value, unknown):
    """Whether a value follows a schema; unknown members do not matter, values off a closed list go into `unknown`."""
    types = schema.get("type", [])
    if types and not any(JSON_TYPES[name](value) for name in ([types] if isinstance(types, str) else types)):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        unknown.append(value)
    if isinstance(value, str):
        # `$` of Python also matches before a last line feed.
        if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
            return False
        if schema.get("format") == "date-time" and parse_time(value) is None:
            return False
    if JSON_TYPES["number"](value):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            return False
    if isinstance(value, list) and not all(follows(schema.get("items", {}), item, unknown) for item in value):
        return False
    if isinstance(value, dict):
        # null is the same as missing
        if any(value.get(name) is None for name in schema.get("required", ())):
            return False
        for name, field in schema.get("properties", {}).items():
            if value.get(name) is not None and not follows(field, value[name], unknown):
                return False
    if "not" in schema and follows(schema["not"], value, []):
        return False
    if not all(follows(part, value, unknown) for part in schema.get("allOf", ())):
        return False
    return "anyOf" not in schema or any(follows(part, value, unknown) for part in schema["anyOf"])


def fill(schema, value):
    """The value with all members that the schema names, and no others."""
    if isinstance(value, list) and "items" in schema:
        return [fill(schema["items"], item) for item in value]
    if isinstance(value, str) and schema.get("format") == "date-time":
        return format_time(parse_time(value))
    if isinstance(value, float) and "integer" in schema.get("type", ()):
        return int(value)
    if not isinstance(value, dict) or "properties" not in schema:
        return value
    filled = {}
    for name, field in schema["properties"].items():
        member = value.get(name)
        filled[name] = field.get("default") if member is None else fill(field, member)
    return filled


# --- A record ---


def decode(topic_name, partition, offset, timestamp_ms, key, value, headers=()):
    """What a record says: (kind, envelope); kind is `envelope`, `skipped`, `tombstone` or `poison`.

    `timestamp_ms` is the append time, `key` and `value` are bytes or None, `headers` pairs of text and bytes.
    """
    try:
        return decode_record(topic_name, partition, offset, timestamp_ms, key, value, headers)
    except Poison:
        return "poison", None


def decode_consumed(record):
    """`decode` for a ConsumerRecord of kafka-python."""
    place = (record.topic, record.partition, record.offset, record.timestamp)
    return decode(*place, record.key, record.value, record.headers)


def decode_record(topic_name, partition, offset, timestamp_ms, key, value, headers):
    address = parse_topic(topic_name)
    if address is None:
        raise Poison("not a topic of a group")
    group, zone, suffix, skill = address
    if suffix == "dlq":
        return "skipped", None
    if value is None:
        if suffix in KEY_ON_TOPIC and key:
            return "tombstone", None
        raise Poison("the record has no value")
    body = parse_json(value)
    if not isinstance(body, dict) or not isinstance(body.get("type"), str) or not body["type"]:
        raise Poison("not an envelope")
    kind = body["type"]
    known = kind in SCHEMAS
    if known and TYPE_ON_TOPIC.get(suffix) != kind:
        raise Poison(f"a {kind} does not belong on {topic_name}")
    says = body["payload"] if isinstance(body.get("payload"), dict) else {}
    for said, here in ((body.get("group"), group), (body.get("zone"), zone), (skill and says.get("skill"), skill)):
        if said is not None and said != here:
            raise Poison("group, zone or skill is not that of the topic")
    if kind == "memory" and says.get("zone") not in (None, zone):
        raise Poison("the item is for another zone")
    unknown = []
    if not follows(SCHEMAS[kind] if known else schema_of_unknown_type(), body, unknown):
        raise Poison("does not follow the schema")
    if not known:
        return "skipped", None
    envelope = fill_envelope(body, address, (topic_name, partition, offset, timestamp_ms), dict(headers or ()))
    check_life(envelope, timestamp_ms)
    if suffix in KEY_ON_TOPIC and (key or b"") != envelope["payload"][KEY_ON_TOPIC[suffix]].encode():
        raise Poison("the key is not what the record is about")
    return ("skipped", None) if unknown else ("envelope", envelope)


def schema_of_unknown_type():
    fields = {name: field for name, field in SCHEMAS["request"]["properties"].items() if name != "payload"}
    return {"required": ["type", "payload"], "properties": {**fields, "type": {"type": "string"}}}


def fill_envelope(body, address, place, headers):
    """What every reader fills in (section 2)."""
    group, zone, _, skill = address
    kind = body["type"]
    filled = fill(SCHEMAS[kind], body)
    filled |= {"group": group, "zone": zone, "id": filled["id"] or derive_id(*place)}
    filled["timestamp"] = filled["timestamp"] or format_time(place[3])
    filled["labels"] = fill(SCHEMAS[kind]["properties"]["labels"], body.get("labels") or {})
    if kind == "request":
        filled["correlation_id"] = filled["correlation_id"] or "task_" + filled["id"]
        filled["expires_at"] = filled["expires_at"] or format_time(parse_time(filled["timestamp"]) + 24 * HOUR_MS)
        filled["payload"]["skill"] = skill or filled["payload"]["skill"]
    if kind == "memory":
        filled["payload"]["zone"] = zone
    filled["trace"] = fill_trace(filled, body.get("trace") or {}, headers.get("traceparent", b""))
    return filled


TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")


def fill_trace(envelope, given, traceparent):
    trace_id, span_id, parent = (given.get(name) for name in ("trace_id", "span_id", "parent_span_id"))
    header = TRACEPARENT.fullmatch(traceparent)
    if trace_id is None and span_id is None and header:
        trace_id, span_id = header[1].decode(), header[2].decode()
    return {
        "trace_id": trace_id or sha256_hex(envelope["correlation_id"] or envelope["id"])[:32],
        "span_id": span_id or sha256_hex(envelope["id"])[:16],
        "parent_span_id": parent,
    }


def check_life(envelope, timestamp_ms):
    if envelope["type"] != "request":
        return
    made_ms = parse_time(envelope["timestamp"])
    if parse_time(envelope["expires_at"]) - made_ms > 6 * 24 * HOUR_MS:
        raise Poison("expires_at is more than 6 days after timestamp")
    if made_ms - timestamp_ms > HOUR_MS:
        raise Poison("timestamp is more than 1 hour after the record was appended")
