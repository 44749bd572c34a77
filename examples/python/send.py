"""python3 send.py TASK FILE...: sends images to be labelled."""

import pathlib
import sys

from confluent_kafka import KafkaException, Producer

from gripstream import BROKERS, PREFIX, encoder


def written(error, record):
    if error:
        raise KafkaException(error)


task, *files = sys.argv[1:]
encode = encoder("images")
# The client's own bound is 1 MB; this is the most that a service can be told to take.
producer = Producer({"bootstrap.servers": BROKERS, "enable.idempotence": True, "message.max.bytes": 64 * 2**20 + 65536})
for file in map(pathlib.Path, files):
    event = {"content": file.read_bytes(), "tasks": [task]}
    producer.produce(PREFIX + "images", key=file.name, value=encode(event), on_delivery=written)
    # One at a time: a photograph is large, and the client's queue is in memory.
    producer.flush()
