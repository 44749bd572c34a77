/** Between the board and Kafka: following topics, reading one record again, writing one record. */
package io.gripstream.gateway.stream;
