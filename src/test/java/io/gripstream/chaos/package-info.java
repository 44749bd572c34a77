/**
 * The service as processes of their own, killed and frozen at random, and a judge who reads what
 * came of it as any subscriber would.
 */
package io.gripstream.chaos;
