/**
 * How the parts are put together in one process: what is made, in which order, and how it ends. The
 * only place that knows which implementation stands behind an interface. Everything is made when it
 * is first asked for, so that a process that does not play a role does not carry its weight: the
 * model, above all.
 *
 * <p>Start: the topics, then the roles. End: the roles, what reads images again, the schema
 * registry, the embedded broker (closed by the command that started it), and last the model.
 */
package io.gripstream.wiring;
