"""Reads a group from offset 0 and prints, for each task, what the rules of docs/wire.md make of it: one JSON object.

    python check.py --brokers localhost:9092 --group acme
"""

import json
from collections import Counter

from kafka import KafkaConsumer

import group
import wire
from rules import Task


def fold_group(brokers, name, zone):
    """(tasks by id, counts of records) of a zone, up to the ends that its topics have now."""
    partitions, _, _ = group.read_zone(brokers, name, zone)
    tasks, counts = {}, Counter(records=0, poison=0, skipped=0, misplaced=0)
    consumer = group.connect_reader(brokers, topics_of_tasks(brokers, name, zone))
    for record in group.read_to_end(consumer):
        counts["records"] += 1
        kind, envelope = wire.decode_consumed(record)
        if kind != "envelope":
            counts[kind] += 1
            continue
        task_id = envelope["correlation_id"]
        if envelope["type"] == "request":
            place = f"{record.topic}/{record.partition}/{record.offset}"
            tasks.setdefault(task_id, Task(task_id)).asked(envelope, place)
        elif task_id is None or wire.home_partition(task_id, partitions) != record.partition:
            counts["misplaced"] += 1
        elif envelope["type"] == "task_status":
            tasks.setdefault(task_id, Task(task_id)).status(envelope, record.offset)
        else:
            tasks.setdefault(task_id, Task(task_id)).ended(envelope, record.offset)
    consumer.close()
    return tasks, counts


def topics_of_tasks(brokers, name, zone):
    consumer = KafkaConsumer(bootstrap_servers=brokers.split(","))
    topics = consumer.topics()
    consumer.close()
    wanted = [(name, zone, suffix) for suffix in ("requests", "tasks.status", "responses")]
    # What a topic of a skill carries are requests too.
    return [topic for topic in sorted(topics) if (wire.parse_topic(topic) or ())[:3] in wanted]


def to_json(task):
    claim = task.claim and {
        "attempt": task.claim["attempt"],
        "run_id": task.claim["run_id"],
        "agent_id": task.claim["agent_id"],
        "offset": task.claim_offset,
    }
    outcome = task.outcome and {
        "status": task.outcome["status"],
        "run_id": task.outcome["run_id"],
        "offset": task.outcome_offset,
    }
    return {
        "requests": sorted(task.requests),
        "bound": task.bound,
        "claim": claim,
        "released": task.released,
        "outcome": outcome,
    }


def main():
    options = group.arguments(__doc__).parse_args()
    tasks, counts = fold_group(options.brokers, options.group, options.zone)
    print(json.dumps({**counts, "tasks": {task_id: to_json(task) for task_id, task in sorted(tasks.items())}}))


if __name__ == "__main__":
    main()
