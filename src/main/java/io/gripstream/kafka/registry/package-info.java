/**
 * Schema registries, and the serializers and deserializers that ask them. Knows nothing of brokers.
 */
package io.gripstream.kafka.registry;
