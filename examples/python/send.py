"""python send.py TASK FILE...: sends images to be labelled."""

import pathlib
import sys

from kafka import KafkaProducer

from gripstream import BROKERS, PREFIX, encoder

task, *files = sys.argv[1:]
encode = encoder("images")
producer = KafkaProducer(bootstrap_servers=BROKERS, acks="all")
for file in map(pathlib.Path, files):
    event = {"content": file.read_bytes(), "tasks": [task]}
    producer.send(PREFIX + "images", key=file.name.encode(), value=encode(event)).get(30)
