/**
 * The rendered world that the embedded model learns from: an endless, seeded source of images with
 * captions, and the tokenizer whose vocabulary is that world's. Pure Java2D: nothing here knows the
 * engine, Kafka or Quarkus, and nothing outside of pretraining needs this package. The sample
 * streams are drawn by other code on purpose, so that a model which labels them was never shown
 * their like.
 */
package io.gripstream.workshop.pico.world;
