/**
 * The gateway role: REST, the live page, and the registry's REST face. It reads every public topic
 * and writes only {@code tasks}, {@code labels}, {@code images} and {@code commands}; what is live
 * it never decides.
 *
 * <p>{@code board} holds what the page shows, in memory and bounded; {@code stream} follows topics
 * into it and reads single records again; {@code rest} is the outside.
 */
package io.gripstream.gateway;
