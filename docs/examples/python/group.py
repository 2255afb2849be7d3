"""Ways to a group of KafClaw by kafka-python: what it says of itself, and sending."""

import argparse
import json
import logging
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

import wire


def arguments(description):
    """Parser with the options that all examples have."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="localhost:9092", help="host:port,...")
    parser.add_argument("--group", required=True)
    parser.add_argument("--zone", default="public")
    return parser


def connect_producer(brokers):
    """Waits for all replicas and writes nothing twice; the partition is always chosen by us."""
    return KafkaProducer(bootstrap_servers=brokers.split(","), acks="all", allow_auto_create_topics=False)


def connect_reader(brokers, topics):
    """A consumer without a consumer group that reads the topics whole, from their beginning."""
    consumer = KafkaConsumer(
        bootstrap_servers=brokers.split(","),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        fetch_max_wait_ms=100,
    )
    existing = consumer.topics()
    consumer.assign(
        [
            TopicPartition(topic, partition)
            for topic in topics
            if topic in existing
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
    )
    consumer.seek_to_beginning()
    return consumer


def read_to_end(consumer):
    """Yields all records up to the ends that the assigned partitions have now, in log order within each partition."""
    ends = consumer.end_offsets(consumer.assignment())
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for partition, records in consumer.poll(timeout_ms=200).items():
            yield from (record for record in records if record.offset < ends[partition])


def read_zone(brokers, group, zone):
    """(partitions, lease in ms, whether an assignment is required) from the zone record."""
    consumer = connect_reader(brokers, [wire.topic(group, zone, "control.zones")])
    found = None
    for record in read_to_end(consumer):
        kind, envelope = wire.decode_consumed(record)
        if kind == "envelope" and envelope["payload"]["zone"] == zone:
            said = envelope["payload"]
            # The count of partitions is written once, for the life of the zone.
            partitions = found[0] if found else said["partitions"]
            found = (partitions, said["lease_ms"], said["require_assignment"])
    consumer.close()
    if found is None:
        raise SystemExit(f'group "{group}" has no zone "{zone}" here: run "kafclaw topics apply"')
    return found


def send(producer, topic, key, envelope, *, partition=0, home=False):
    """Sends an envelope; the future resolves when it is acknowledged.

    `home` names the partition in a header, for readers without murmur2.
    """
    headers = [("content-type", b"application/json")]
    if home:
        headers.append(("kc_home", str(partition).encode()))
    value = json.dumps(envelope, ensure_ascii=False).encode()
    return producer.send(topic, key=key.encode(), value=value, headers=headers, partition=partition)


def now_ms():
    return time.time_ns() // 1_000_000
