/**
 * The one set of rules for a task, for whoever takes a definition in: REST, command line, curator,
 * labeler and refiner. Plain Java over the schema's types; no framework, no Kafka, no model.
 */
package io.gripstream.task;
