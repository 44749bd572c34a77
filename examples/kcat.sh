#!/bin/sh
# Prints predictions as JSON lines: kcat reads committed records only when it is told to.
# One that was built without Avro, such as Debian's, prints key, position and size of each record.
case $(kcat -V) in
  *Avro*) set -- -s value=avro -r "${GATEWAY:-http://localhost:8080}" "$@" ;;
  *) set -- -f '%k %p@%o %S bytes\n' "$@" ;;
esac
exec kcat -C -b "${BROKERS:-localhost:9092}" -t "${PREFIX:-gripstream.}predictions" \
  -X isolation.level=read_committed -o beginning "$@"
