/** Which pseudolabels a round trains on: the paper's strategies and their exact top-K. */
package io.gripstream.refine.select;
