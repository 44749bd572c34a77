package io.gripstream.model;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model's name on a hub. Each part is safe as part of a path and of a URL.
 *
 * @param revision a branch, a tag, a commit or a reference such as {@code refs/pr/12}
 */
public record HubModel(String owner, String name, String revision) {
  /** What is meant where no revision is named. */
  public static final String DEFAULT_REVISION = "main";

  private static final Pattern FORM = Pattern.compile("([^/@]+)/([^/@]+)(?:@(.*))?");
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}\\w)?");
  private static final Pattern REVISION =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}\\w)?");

  public HubModel {
    require(owner, PART, "owner");
    require(name, PART, "name");
    require(revision, REVISION, "revision");
  }

  /**
   * Reads {@code owner/name} or {@code owner/name@revision}.
   *
   * @return nothing where the text has another form
   * @throws IllegalArgumentException when it has the form, and a part holds what no name may hold
   */
  public static Optional<HubModel> parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return Optional.empty();
    }
    String revision = form.group(3) == null ? DEFAULT_REVISION : form.group(3);
    return Optional.of(new HubModel(form.group(1), form.group(2), revision));
  }

  /** Without the revision: how the model is called in its id, beside its weights' digest. */
  public String title() {
    return owner + "/" + name;
  }

  /** Where it is kept: no two models share a folder, and none contains another. */
  Path folder(Path cache) {
    return cache.resolve(owner).resolve(name).resolve(inOnePart(revision));
  }

  /** The path of a file below a hub's URL, encoded. */
  String urlPath(String atRevision, String file) {
    return "/" + owner + "/" + name + "/resolve/" + inOnePart(atRevision) + "/" + file;
  }

  /** The path of what a hub's API says of it, below the hub's URL. */
  String apiPath(String what) {
    return "/api/models/" + owner + "/" + name + (what.isEmpty() ? "" : "/" + what);
  }

  static String inOnePart(String revision) {
    return revision.replace("/", "%2F");
  }

  private static void require(String value, Pattern pattern, String part) {
    if (!pattern.matcher(value).matches() || value.contains("..") || value.contains("//")) {
      throw new IllegalArgumentException(
          "the %s of a model on a hub cannot be \"%s\"".formatted(part, printable(value)));
    }
  }

  private static String printable(String value) {
    String shown = value.replaceAll("[^\\x20-\\x7e]", "?");
    return shown.length() > 100 ? shown.substring(0, 100) + "..." : shown;
  }

  @Override
  public String toString() {
    return title() + (revision.equals(DEFAULT_REVISION) ? "" : "@" + revision);
  }
}
