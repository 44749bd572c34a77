/**
 * Everything between Gripstream and Kafka: the topics, how records are encoded, how clients are set
 * up, the loop that makes outputs exactly once, what happens to records that cannot be processed,
 * and the broker and schema registry that a process without either brings along.
 *
 * <p>Nothing here knows what is in a record beyond its key and its schema, and nothing here needs a
 * container: every class is put together by its constructor, so that command line tools use the
 * same code as the service.
 */
package io.gripstream.messaging;
