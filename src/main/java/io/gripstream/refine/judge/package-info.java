/**
 * What a candidate must show: judges that fail differently, the evidence they leave, the gate that
 * decides by it, and how a stream is seen to change.
 */
package io.gripstream.refine.judge;
