"""kafka-python against one broker: topics, every codec, groups, offsets, admin.

Usage: kafka_python.py BOOTSTRAP PREFIX
Topics and groups begin with PREFIX. Prints a line per chapter; an assertion ends it.
"""

import sys
import threading
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewPartitions, NewTopic
from kafka.structs import OffsetAndMetadata

bootstrap, prefix = sys.argv[1], sys.argv[2]
# Recent, or retention takes the records away while we look.
START_MS = int(time.time() * 1000) - 3_600_000
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


def topic_name(codec):
    return f"{prefix}-{codec or 'none'}"


def admin_client():
    return KafkaAdminClient(bootstrap_servers=bootstrap)


def create_topics():
    admin = admin_client()
    admin.create_topics([NewTopic(topic_name(codec), 3, 1) for codec in CODECS])
    created = {topic_name(codec) for codec in CODECS}
    wait_for("the topics are listed", lambda: created <= set(admin.list_topics()))
    for described in admin.describe_topics([topic_name("lz4")]):
        assert len(described["partitions"]) == 3, described
    admin.close()


def produce(codec, count=300):
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, compression_type=codec, acks="all", linger_ms=20
    )
    sent = [
        producer.send(
            topic_name(codec),
            key=b"k%d" % n,
            value=b"value %d " % n + b"x" * (n % 50),
            headers=[("number", b"%d" % n)],
            timestamp_ms=START_MS + n,
            partition=n % 3,
        )
        for n in range(count)
    ]
    for n, future in enumerate(sent):
        metadata = future.get(timeout=20)
        assert (metadata.partition, metadata.offset) == (n % 3, n // 3), (n, metadata)
    producer.close()


def consume(codec, count=300):
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=10_000)
    partitions = [TopicPartition(topic_name(codec), p) for p in range(3)]
    consumer.assign(partitions)
    assert consumer.end_offsets(partitions) == {p: count // 3 for p in partitions}
    assert consumer.beginning_offsets(partitions) == {p: 0 for p in partitions}
    consumer.seek_to_beginning()
    seen = 0
    for record in consumer:
        n = record.offset * 3 + record.partition
        assert record.key == b"k%d" % n, record
        assert record.value == b"value %d " % n + b"x" * (n % 50), record
        assert record.headers == [("number", b"%d" % n)], record
        assert record.timestamp == START_MS + n, record
        seen += 1
        if seen == count:
            break
    assert seen == count, (seen, count)
    by_time = consumer.offsets_for_times({partitions[1]: START_MS + 31})
    assert by_time[partitions[1]].offset == 10, by_time
    consumer.close()


def group_of_two(count=300):
    """Two members share three partitions; together they see everything once."""
    topic, group = topic_name("gzip"), f"{prefix}-pair"
    seen, assigned, failures = [], {}, []
    stop = threading.Event()

    def member(name):
        try:
            consumer = KafkaConsumer(
                topic,
                bootstrap_servers=bootstrap,
                group_id=group,
                client_id=name,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                session_timeout_ms=10_000,
                heartbeat_interval_ms=500,
            )
            while not stop.is_set():
                for records in consumer.poll(timeout_ms=2000).values():
                    seen.extend((r.partition, r.offset) for r in records)
                    consumer.commit()
                assigned[name] = len(consumer.assignment())
            consumer.close()
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    names = ("left", "right")
    members = [threading.Thread(target=member, args=(name,), daemon=True) for name in names]
    for thread in members:
        thread.start()
    both = lambda: len(set(seen)) == count and sorted(assigned.values()) == [1, 2]
    state = lambda: f"both read everything: {len(set(seen))} of {count}, {assigned}"
    wait_for(state, lambda: failures or both(), 60)
    admin = admin_client()
    described = admin.describe_groups([group])
    stop.set()
    for thread in members:
        thread.join()
    assert not failures, failures
    assert "Stable" in str(described), described
    assert "left" in str(described) and "right" in str(described), described
    assert group in str(admin.list_groups()), admin.list_groups()
    admin.close()


def commit_and_resume():
    topic, group = topic_name("zstd"), f"{prefix}-resume"
    partition = TopicPartition(topic, 2)
    first = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    first.assign([partition])
    first.commit({partition: OffsetAndMetadata(42, "half way", -1)})
    first.close()
    second = KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, consumer_timeout_ms=10_000
    )
    second.assign([partition])
    assert second.committed(partition) == 42
    assert next(second).offset == 42
    second.close()


def widen_and_delete():
    admin = admin_client()
    topic = f"{prefix}-widened"
    admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"retention.ms": "86400000"})])
    admin.create_partitions({topic: NewPartitions(4)})
    widened = lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 4
    wait_for("the topic is widened", widened)
    admin.delete_topics([topic])
    wait_for("the topic is gone", lambda: topic not in admin.list_topics())
    admin.close()


def wait_for(what, holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        said = what() if callable(what) else what
        assert time.monotonic() < deadline, f"not in {seconds} s: {said}"
        time.sleep(0.1)


create_topics()
print("topics")
for codec in CODECS:
    produce(codec)
    consume(codec)
    print("codec", codec)
group_of_two()
print("group")
commit_and_resume()
print("resume")
widen_and_delete()
print("admin")
