/**
 * What a subscriber in Java needs: typed predictions, and live prompts as classifiers. It knows
 * Kafka's clients, Avro and the contract in {@code schemas/}, and nothing of the service.
 */
package io.gripstream.client;
