/**
 * From an image event, or from a reference to one, to pixels: for the labeler, which sees an image
 * first, and for the refiner, which reads it again. What is read comes from strangers: where it may
 * come from, how large it may be and how long it may take is decided here, for every role alike.
 *
 * <p>Knows the contract, Kafka's clients, and of the AWS SDK what signs; no role, and no container.
 */
package io.gripstream.image;
