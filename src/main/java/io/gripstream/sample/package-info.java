/**
 * Sample streams: endless, seeded, labelled images for demonstrations and tests. They are drawn by
 * a small rasteriser of their own, with no installed font and none of the code that renders the
 * embedded model's training world: to that model they are a shifted domain, as a user's images
 * would be. Nothing here knows Kafka, Quarkus or the model.
 */
package io.gripstream.sample;
