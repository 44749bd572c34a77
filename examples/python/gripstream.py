"""Where Gripstream is, and its records: Avro in Confluent's wire format."""

import io
import json
import os
import struct
import urllib.request

import fastavro
from kafka import KafkaConsumer

BROKERS = os.environ.get("BROKERS", "localhost:9092").split(",")
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
        _schemas[schema] = fastavro.parse_schema(json.loads(_get(f"/schemas/ids/{schema}")["schema"]))
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), _schemas[schema])


def encoder(topic):
    """A function that encodes dictionaries for a topic, with its latest schema."""
    latest = _get(f"/subjects/{PREFIX}{topic}-value/versions/latest")
    schema = fastavro.parse_schema(json.loads(latest["schema"]))

    def encode(record):
        out = io.BytesIO(b"\0" + struct.pack(">I", latest["id"]))
        out.seek(5)
        fastavro.schemaless_writer(out, schema, record)
        return out.getvalue()

    return encode


def follow(topic):
    """Key and value of every committed record of a topic, from its first one on, without end."""
    consumer = KafkaConsumer(
        PREFIX + topic,
        bootstrap_servers=BROKERS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    for record in consumer:
        yield record.key.decode(), decode(record.value)
