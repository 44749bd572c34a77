/**
 * The paper's tables, offline, over a folder of images, by the same rounds that the service runs:
 * what is drawn for training and for the test, who labelled what, the rounds, a linear head to
 * compare with, and the figures. Truth stays here; the refinement never sees more of it than the
 * paradigm allows. Knows no Kafka and no framework, and writes only into the folders it is given.
 */
package io.gripstream.workshop.experiment;
