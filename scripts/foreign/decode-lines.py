"""Decodes records with the example in Python: one JSON object a line in, one out."""

import base64
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "examples" / "python"))

import wire  # noqa: E402


def from_base64(text):
    return None if text is None else base64.b64decode(text)


for line in sys.stdin:
    record = json.loads(line)
    kind, envelope = wire.decode(
        record["topic"],
        record["partition"],
        record["offset"],
        record["timestamp_ms"],
        from_base64(record["key"]),
        from_base64(record["value"]),
        [(name, text.encode()) for name, text in record["headers"]],
    )
    print(json.dumps({"kind": kind, "envelope": envelope}))
