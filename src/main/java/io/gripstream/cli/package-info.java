/**
 * The command line's parts. It starts the service ({@code serve}, {@code demo}) or stands beside it
 * as any other client would ({@code send}, {@code watch}): with a broker's address and the
 * registry's REST interface, and nothing else. Truth that a stream or a folder knows stays in this
 * package, or in an experiment; it is compared with predictions here and never written to a topic.
 */
package io.gripstream.cli;
