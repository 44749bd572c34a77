/**
 * Everything between Gripstream and Kafka: the topics, their keys, how clients are set up, what
 * kind of fault an exception is, how long to wait after one, and where records that cannot be
 * processed go.
 *
 * <p>Nothing here knows what is in a record beyond its key and its schema, and nothing here needs a
 * container: every class is put together by its constructor, so that command line tools use the
 * same code as the service.
 */
package io.gripstream.kafka;
