/**
 * Following a topic: every record of every partition, from the beginning or from now on, new
 * partitions included. A view of the latest value by key is a follower and a map.
 */
package io.gripstream.kafka.follow;
