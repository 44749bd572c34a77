/**
 * Traces of what happens to a record: spans by OpenTelemetry, and their context in the records'
 * headers, which takes a trace from one process to the next. Off unless a process is told where
 * traces go; then every span here is the invalid one, which costs nothing, and headers stay as they
 * are.
 */
package io.gripstream.kafka.trace;
