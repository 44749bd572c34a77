package io.gripstream.gateway;

import io.gripstream.GripstreamConfig;
import io.gripstream.access.Access;
import io.gripstream.access.Key;
import io.gripstream.access.KeyRole;
import io.quarkus.runtime.Startup;
import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.request.AuthenticationRequest;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.vertx.http.runtime.security.ChallengeData;
import io.quarkus.vertx.http.runtime.security.HttpAuthenticationMechanism;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Knows who asks, by the key that came along: {@code Authorization: Bearer KEY}, or the password of
 * any user, which browsers ask for and send by themselves. What nobody needs a key for, and which
 * role what else needs, is the configuration's and the resources' matter.
 */
@Singleton
@Startup(KeyLogin.FIRST)
final class KeyLogin implements HttpAuthenticationMechanism {
  /** Before any role starts. */
  static final int FIRST = 1;

  private static final String CHALLENGE = "Basic realm=\"gripstream\", charset=\"UTF-8\"";

  private final Access access;

  /**
   * Ends the start where strangers would get in. It asks for the server's own address: that may be
   * set past the key of ours.
   */
  KeyLogin(GripstreamConfig config, @ConfigProperty(name = "quarkus.http.host") String host) {
    this.access = Access.of(config.access(), host);
  }

  @Override
  public Uni<SecurityIdentity> authenticate(
      RoutingContext request, IdentityProviderManager identities) {
    return Uni.createFrom()
        .item(
            access.open()
                ? identity("anybody", KeyRole.OPERATOR)
                : key(request).map(key -> identity(key.name(), key.role())).orElse(null));
  }

  private Optional<Key> key(RoutingContext request) {
    return secret(request.request().getHeader("Authorization")).flatMap(access::find);
  }

  private static SecurityIdentity identity(String name, KeyRole role) {
    return QuarkusSecurityIdentity.builder()
        .setPrincipal(new QuarkusPrincipal(name))
        .addRoles(role.words())
        .build();
  }

  /** What came as the key, if anything did. */
  static Optional<String> secret(String authorization) {
    String[] words = authorization == null ? new String[0] : authorization.strip().split(" +", 2);
    if (words.length == 2 && words[0].equalsIgnoreCase("Bearer")) {
      return Optional.of(words[1]);
    }
    if (words.length == 2 && words[0].equalsIgnoreCase("Basic")) {
      try {
        String login = new String(Base64.getDecoder().decode(words[1]), StandardCharsets.UTF_8);
        return Optional.of(login.substring(login.indexOf(':') + 1));
      } catch (IllegalArgumentException e) {
        // No Base64, and so no key: the answer says that it is not known.
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  @Override
  public Uni<Boolean> sendChallenge(RoutingContext request) {
    request.response().putHeader("WWW-Authenticate", CHALLENGE);
    Refusal.send(
        request,
        401,
        "Unauthorized",
        request.request().headers().contains("Authorization")
            ? "this key is not known here"
            : "a key is needed: as Authorization: Bearer KEY, or as the password of any user");
    return Uni.createFrom().item(true);
  }

  @Override
  public Uni<ChallengeData> getChallenge(RoutingContext request) {
    return Uni.createFrom().item(new ChallengeData(401, "WWW-Authenticate", CHALLENGE));
  }

  /** None: a key's digest is all that there is to ask, and it is here. */
  @Override
  public Set<Class<? extends AuthenticationRequest>> getCredentialTypes() {
    return Set.of();
  }
}
