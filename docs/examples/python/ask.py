"""Asks an agent or a skill and waits for the outcome (docs/wire.md, section 5).

    python ask.py --brokers localhost:9092 --group acme "Which port does billing listen on?"
    python ask.py --brokers localhost:9092 --group acme --skill text.reverse stressed
    python ask.py --brokers localhost:9092 --group acme --to agent-b "What do you know about billing?"

Exit codes: 0 completed, 1 another outcome, 3 no outcome in time.
"""

import sys
import time
import uuid

from kafka import KafkaConsumer, TopicPartition

import group
import wire


def main():
    parser = group.arguments(__doc__)
    parser.add_argument("--to", help="the agent that is asked; otherwise whoever is able")
    parser.add_argument("--skill", default="chat")
    parser.add_argument("--task-id", help="asking twice under one task id is asking once")
    parser.add_argument("--timeout", type=float, default=60, help="seconds")
    parser.add_argument("question")
    options = parser.parse_args()
    partitions, _, _ = group.read_zone(options.brokers, options.group, options.zone)
    task_id = options.task_id or f"task_{uuid.uuid4()}"
    home = wire.home_partition(task_id, partitions)

    consumer = KafkaConsumer(
        bootstrap_servers=options.brokers.split(","), enable_auto_commit=False, fetch_max_wait_ms=100
    )
    responses = TopicPartition(wire.topic(options.group, options.zone, "responses"), home)
    consumer.assign([responses])
    # Listen before asking. A task id that was used before may have its outcome already.
    if options.task_id:
        consumer.seek_to_beginning()
    else:
        consumer.seek(responses, consumer.end_offsets([responses])[responses])

    producer = group.connect_producer(options.brokers)
    skill_topic = wire.skill_topic(options.group, options.zone, options.skill)
    takes_skill_topic = not options.to and skill_topic in consumer.topics()
    request = {
        "type": "request",
        "sender_id": "python-ask",
        "recipient_id": options.to,
        "correlation_id": task_id,
        "expires_at": wire.format_time(group.now_ms() + int(options.timeout * 1000)),
        "payload": {"content": options.question, "skill": options.skill},
    }
    asked_on = skill_topic if takes_skill_topic else wire.topic(options.group, options.zone, "requests")
    group.send(producer, asked_on, task_id, request, partition=home).get()
    producer.close()

    outcome = wait_for_outcome(consumer, task_id, options.timeout)
    if outcome is None:
        print(f"no outcome of {task_id} within {options.timeout:g} s", file=sys.stderr)
        sys.exit(3)
    if outcome["status"] != "completed":
        print(f"{outcome['status']}: {(outcome['error'] or {}).get('message')}", file=sys.stderr)
        sys.exit(1)
    print(outcome["content"])


def wait_for_outcome(consumer, task_id, timeout_s):
    """The first response of the task in its home partition; None when it does not come in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                kind, envelope = wire.decode_consumed(record)
                if kind == "envelope" and envelope["correlation_id"] == task_id:
                    return envelope["payload"]
    return None


if __name__ == "__main__":
    main()
