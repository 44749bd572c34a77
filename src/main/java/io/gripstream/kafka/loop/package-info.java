/**
 * The loop that makes outputs exactly once: read, handle, write and commit in one transaction;
 * halve a micro-batch to find the record at fault; remember positions where they do not expire.
 */
package io.gripstream.kafka.loop;
