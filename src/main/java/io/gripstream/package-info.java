/** What can be set. Every part of the service reads it; nothing else lives here. */
package io.gripstream;
