/**
 * Models by name: the embedded one, a folder of yours, or a name on a hub, whose files are fetched
 * once into a cache and checked, or linked from what the hub's own client has fetched.
 *
 * <p>Everything that comes from a hub is hostile until it is checked: names, headers, redirects,
 * sizes, content. A file is in the cache whole and with its SHA-256 written down beside it, or it
 * is not there. Knows {@code clip} and nothing else of ours; no Quarkus, no Kafka.
 */
package io.gripstream.model;
