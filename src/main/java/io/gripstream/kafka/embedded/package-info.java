/** The broker and the schema registry that a process without either brings along. */
package io.gripstream.kafka.embedded;
