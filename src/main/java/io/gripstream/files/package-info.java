/**
 * Images that lie in folders and zip archives, read with care: the source may come from anywhere.
 * Depends on nothing else here.
 */
package io.gripstream.files;
