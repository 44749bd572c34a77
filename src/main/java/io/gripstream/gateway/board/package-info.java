/**
 * What the page shows, task by task: figures and recent records, in memory, bounded, and gone with
 * the process. Plain Java: no Kafka, no HTTP.
 */
package io.gripstream.gateway.board;
