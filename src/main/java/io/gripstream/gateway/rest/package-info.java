/**
 * The outside: resources under {@code /api}, the registry under {@code /subjects} and {@code
 * /schemas}, live events.
 */
package io.gripstream.gateway.rest;
