/** The commands as one command line, and the process they run in. Nothing depends on it. */
package io.gripstream.launcher;
