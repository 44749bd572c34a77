/**
 * Image bytes to pixels, within a budget of time and memory: formats by their first bytes, headers
 * before readers, orientation, colors, resizing as Pillow does it.
 */
package io.gripstream.clip.pixels;
