"""The golden records and test vectors of KafClaw, read with wire.py: python -m unittest"""

import base64
import json
import unittest
from pathlib import Path

import wire

TESTS = Path(__file__).resolve().parents[3] / "packages" / "envelope" / "test"
VECTORS = json.loads((TESTS / "vectors.json").read_text("utf-8"))


def read(path):
    return json.loads((TESTS / "golden" / path).read_text("utf-8"))


def decode(place, value):
    key = None if place["key"] is None else place["key"].encode()
    headers = [(name, text.encode()) for name, text in place.get("headers", [])]
    return wire.decode(place["topic"], place["partition"], place["offset"], place["timestamp_ms"], key, value, headers)


def poison_value(file):
    if "value_base64" in file:
        return base64.b64decode(file["value_base64"])
    if "value_parts" in file:
        return "".join(text * times for text, times in file["value_parts"]).encode()
    return None if file["value"] is None else file["value"].encode()


class WireTest(unittest.TestCase):
    maxDiff = None

    def test_reads_valid_and_unknown_records_as_every_reader_must(self):
        for kind in ("valid", "skipped"):
            for path in (TESTS / "golden" / kind).glob("*.json"):
                with self.subTest(path.stem):
                    expected = read(f"decoded/{path.name}")
                    found, envelope = decode(expected["record"], path.read_bytes())
                    self.assertEqual(found, expected["decoded"]["kind"])
                    self.assertEqual(envelope, expected["decoded"].get("envelope"))

    def test_refuses_every_poison_record(self):
        for path in (TESTS / "golden" / "poison").glob("*.json"):
            with self.subTest(path.stem):
                file = read(f"poison/{path.name}")
                self.assertEqual(decode(file, poison_value(file)), ("poison", None))

    def test_finds_home_partitions(self):
        for vector in VECTORS["partition"]:
            self.assertEqual(wire.murmur2(vector["key"].encode()), vector["murmur2"] & 0xFFFFFFFF)
            self.assertEqual(wire.home_partition(vector["key"], vector["partitions"]), vector["partition"])

    def test_derives_ids_and_ranks(self):
        for vector in VECTORS["record_id"]:
            place = (vector["topic"], vector["partition"], vector["offset"], vector["timestamp_ms"])
            self.assertEqual(wire.derive_id(*place), vector["id"])
        for vector in VECTORS["rank"]:
            self.assertEqual(wire.rank_number(*vector["parts"]), int(vector["number"]))


if __name__ == "__main__":
    unittest.main()
