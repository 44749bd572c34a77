/**
 * What is tuned: prompts, how they begin, and the identity of a prompt version. Knows CLIP and the
 * contract's values; knows nothing of streams, rounds or the framework.
 */
package io.gripstream.prompt;
