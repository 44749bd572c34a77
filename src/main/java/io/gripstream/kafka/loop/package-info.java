/**
 * The loop that makes outputs exactly once: read, handle, write and commit in one transaction;
 * halve a micro-batch to find the record at fault; run work of hours aside, and stay in the group;
 * remember positions where they do not expire. There is no second one: only this package commits a
 * consumer's offsets.
 */
package io.gripstream.kafka.loop;
