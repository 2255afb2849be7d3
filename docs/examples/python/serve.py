"""Serves a skill with an ordinary consumer group (docs/wire.md, section 6): reverses texts.

    python serve.py --brokers localhost:9092 --group acme --skill text.reverse
"""

import logging
import signal

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import CommitFailedError

import group
import wire

log = logging.getLogger("serve")


def work(request):
    """The skill: what to answer to the payload of a request."""
    return {"content": request["content"][::-1]}


def answer(envelope):
    try:
        return {**work(envelope["payload"])}
    except Exception as err:
        log.exception("task %s", envelope["correlation_id"])
        return {"status": "failed", "error": {"code": "SKILL_FAILED", "message": str(err), "retryable": False}}


def main():
    parser = group.arguments(__doc__)
    parser.add_argument("--skill", default="text.reverse")
    parser.add_argument("--name", default="python-serve", help="sender id, and name of the consumer group")
    options = parser.parse_args()
    partitions, _, _ = group.read_zone(options.brokers, options.group, options.zone)
    responses = wire.topic(options.group, options.zone, "responses")
    producer = group.connect_producer(options.brokers)
    consumer = KafkaConsumer(
        wire.skill_topic(options.group, options.zone, options.skill),
        bootstrap_servers=options.brokers.split(","),
        group_id=f"{options.group}.{options.name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        allow_auto_create_topics=False,
    )

    def serve_one(record):
        kind, request = wire.decode_consumed(record)
        if kind != "envelope" or wire.parse_time(request["expires_at"]) < group.now_ms():
            return
        task_id = request["correlation_id"]
        response = {
            "type": "response",
            "sender_id": options.name,
            "correlation_id": task_id,
            "causation_id": request["id"],
            "payload": {**answer(request), "agent_id": options.name},
        }
        home = wire.home_partition(task_id, partitions)
        group.send(producer, responses, task_id, response, partition=home, home=True).get()

    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))
    print("ready", flush=True)
    while not stopping:
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                if stopping:
                    break
                serve_one(record)
                # Only now: a crash before it makes another answer, of which the first counts.
                commit(consumer, record)
    consumer.close()
    producer.close()


def commit(consumer, record):
    partition = TopicPartition(record.topic, record.partition)
    try:
        consumer.commit({partition: OffsetAndMetadata(record.offset + 1, "", -1)})
    except CommitFailedError:
        log.warning("%s has gone to another member, which will answer again from here on", partition)


if __name__ == "__main__":
    main()
