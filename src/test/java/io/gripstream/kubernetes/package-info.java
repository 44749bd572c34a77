/**
 * What is in {@code k8s/}, held against itself, against the code, and against a broker with rights.
 */
package io.gripstream.kubernetes;
