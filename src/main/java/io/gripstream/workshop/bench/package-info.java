/**
 * What the parts cost, measured side by side: each figure stands beside what it is compared to, in
 * the same run on the same machine. Streams run over a broker of the benchmark's own.
 */
package io.gripstream.workshop.bench;
