/**
 * What a process plays: one lifecycle, one readiness and one liveness for all roles. Knows no role
 * in particular; a role is a bean that implements {@link io.gripstream.role.Role}.
 */
package io.gripstream.role;
