#!/bin/sh
# Prints predictions as JSON lines: kcat reads committed records only when it is told to.
exec kcat -C -b "${BROKERS:-localhost:9092}" -t "${PREFIX:-gripstream.}predictions" -s value=avro \
  -r "${GATEWAY:-http://localhost:8080}" -X isolation.level=read_committed -o beginning "$@"
