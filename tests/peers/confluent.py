"""confluent-kafka (librdkafka) against one broker: topics, idempotence, groups, offsets, admin.

Usage: confluent.py BOOTSTRAP PREFIX
Topics and groups begin with PREFIX. Prints a line per chapter; an assertion ends it.
"""

import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

bootstrap, prefix = sys.argv[1], sys.argv[2]
# Recent, or retention takes the records away while we look.
START_MS = int(time.time() * 1000) - 3_600_000
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
admin = AdminClient({"bootstrap.servers": bootstrap})


def done(futures):
    return {key: future.result(timeout=30) for key, future in futures.items()}


def create_topics():
    new = [NewTopic(f"{prefix}-{c}", 3, 1, config={"max.message.bytes": "900000"}) for c in CODECS]
    done(admin.create_topics(new))
    wait_for("listed", lambda: f"{prefix}-zstd" in admin.list_topics(timeout=10).topics)
    try:
        done(admin.create_topics([NewTopic(f"{prefix}-zstd", 3, 1)]))
        raise AssertionError("a topic was created twice")
    except Exception as error:  # pylint: disable=broad-except
        assert "TOPIC_ALREADY_EXISTS" in str(error), error


def produce(codec, count=300):
    reports = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "compression.type": codec,
            "linger.ms": 5,
        }
    )
    for n in range(count):
        producer.produce(
            f"{prefix}-{codec}",
            key=b"k%d" % n,
            value=b"value %d " % n + b"x" * 40,
            headers=[("number", b"%d" % n), ("nil", None)],
            partition=n % 3,
            timestamp=START_MS + n,
            on_delivery=lambda error, message: reports.append((error, message.offset())),
        )
        if n % 100 == 99:
            producer.flush(20)
    assert producer.flush(20) == 0, "records left"
    assert len(reports) == count and not any(error for error, _ in reports), reports
    assert sorted(offset for _, offset in reports) == sorted(n // 3 for n in range(count))


def consume(codec, count=300):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}-{codec}-readers",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "check.crcs": True,
        }
    )
    consumer.subscribe([f"{prefix}-{codec}"])
    seen = set()
    deadline = time.monotonic() + 30
    while len(seen) < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        assert message.error() is None, message.error()
        n = message.offset() * 3 + message.partition()
        assert message.key() == b"k%d" % n, n
        assert message.value() == b"value %d " % n + b"x" * 40, n
        assert message.headers() == [("number", b"%d" % n), ("nil", None)], message.headers()
        assert message.timestamp()[1] == START_MS + n, message.timestamp()
        seen.add(n)
    assert len(seen) == count, len(seen)
    committed = consumer.commit(asynchronous=False)
    assert sorted(p.offset for p in committed) == [count // 3] * 3, committed
    partitions = [TopicPartition(f"{prefix}-{codec}", p) for p in range(3)]
    assert [p.offset for p in consumer.committed(partitions, timeout=10)] == [count // 3] * 3
    low, high = consumer.get_watermark_offsets(partitions[0], timeout=10)
    assert (low, high) == (0, count // 3), (low, high)
    wanted = [TopicPartition(f"{prefix}-{codec}", 1, START_MS + 31)]
    by_time = consumer.offsets_for_times(wanted, timeout=10)
    assert by_time[0].offset == 10, by_time
    consumer.close()


def groups():
    group = f"{prefix}-lz4-readers"
    listed = admin.list_consumer_groups(request_timeout=10).result()
    assert group in [g.group_id for g in listed.valid], listed.valid
    described = done(admin.describe_consumer_groups([group]))[group]
    assert described.state.name == "EMPTY", described.state
    asked = [ConsumerGroupTopicPartitions(group)]
    offsets = done(admin.list_consumer_group_offsets(asked))[group]
    assert sorted(p.offset for p in offsets.topic_partitions) == [100] * 3, offsets
    done(admin.delete_consumer_groups([group]))
    left = admin.list_consumer_groups(request_timeout=10).result()
    assert group not in [g.group_id for g in left.valid], left.valid


def configs():
    resource = ConfigResource(ResourceType.TOPIC, f"{prefix}-gzip")
    config = done(admin.describe_configs([resource]))[resource]
    assert config["max.message.bytes"].value == "900000", config["max.message.bytes"]
    assert not config["max.message.bytes"].is_default
    assert config["cleanup.policy"].value == "delete", config["cleanup.policy"]


def offsets():
    partition = TopicPartition(f"{prefix}-snappy", 0)
    latest = done(admin.list_offsets({partition: OffsetSpec.latest()}))[partition]
    earliest = done(admin.list_offsets({partition: OffsetSpec.earliest()}))[partition]
    assert (earliest.offset, latest.offset) == (0, 100), (earliest.offset, latest.offset)


def widen_and_delete():
    topic = f"{prefix}-widened"
    done(admin.create_topics([NewTopic(topic, 1, 1)]))
    done(admin.create_partitions([NewPartitions(topic, 4)]))
    count = lambda: len(admin.list_topics(topic, timeout=10).topics[topic].partitions)
    wait_for("the topic is widened", lambda: count() == 4)
    done(admin.delete_topics([topic]))
    wait_for("the topic is gone", lambda: topic not in admin.list_topics(timeout=10).topics)


def cluster():
    described = admin.describe_cluster(request_timeout=10).result()
    assert len(described.nodes) == 1 and described.cluster_id, described
    assert described.controller.id == described.nodes[0].id, described


def wait_for(what, holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.1)


create_topics()
print("topics")
for codec in CODECS:
    produce(codec)
    consume(codec)
    print("codec", codec)
for chapter in (groups, configs, offsets, widen_and_delete, cluster):
    chapter()
    print(chapter.__name__)
