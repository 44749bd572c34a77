/**
 * Who may do what: the keys that open the service, their roles, and when it may do without keys.
 * Values and functions; HTTP is the gateway's matter.
 */
package io.gripstream.access;
