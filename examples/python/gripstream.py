"""Where Gripstream is, and its records: Avro in Confluent's wire format."""

import io
import json
import os
import struct
import urllib.request

import avro.schema
from avro.io import BinaryDecoder, BinaryEncoder, DatumReader, DatumWriter
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

BROKERS = os.environ.get("BROKERS", "localhost:9092")
GATEWAY = os.environ.get("GATEWAY", "http://localhost:8080")
PREFIX = os.environ.get("PREFIX", "gripstream.")

_schemas = {}


def _get(path):
    with urllib.request.urlopen(GATEWAY + path) as answer:
        return json.load(answer)


def decode(value):
    """A record's value as a dictionary; None stays None."""
    if value is None:
        return None
    schema = struct.unpack(">I", value[1:5])[0]
    if schema not in _schemas:
        _schemas[schema] = avro.schema.parse(_get(f"/schemas/ids/{schema}")["schema"])
    return DatumReader(_schemas[schema]).read(BinaryDecoder(io.BytesIO(value[5:])))


def encoder(topic):
    """A function that encodes dictionaries for a topic, with its latest schema. What they leave out has its default."""
    latest = _get(f"/subjects/{PREFIX}{topic}-value/versions/latest")
    schema = avro.schema.parse(latest["schema"])
    defaults = {field.name: field.default for field in schema.fields if field.has_default}

    def encode(record):
        out = io.BytesIO()
        out.write(b"\0" + struct.pack(">I", latest["id"]))
        DatumWriter(schema).write({**defaults, **record}, BinaryEncoder(out))
        return out.getvalue()

    return encode


def follow(topic):
    """Key and value of every committed record of a topic, from its first one on, without end."""
    name = PREFIX + topic
    consumer = Consumer(
        {
            "bootstrap.servers": BROKERS,
            # The client asks for one. Whoever takes all partitions is in no group, and commits nothing.
            "group.id": "none",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    known = consumer.list_topics(name, timeout=30).topics[name]
    if known.error:
        raise KafkaException(known.error)
    consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for partition in known.partitions])
    while True:
        record = consumer.poll(1)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        yield record.key().decode(), decode(record.value())
