/**
 * CLIP as values and functions: weights, tokenizer, towers, device. The arithmetic itself is {@code
 * torchscript/clip.py}; this package loads it, feeds it and owns the native memory. Imports neither
 * Kafka nor Quarkus.
 */
package io.gripstream.clip;
