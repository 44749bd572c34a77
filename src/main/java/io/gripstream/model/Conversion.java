package io.gripstream.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The pull request in which a hub's own bot offers a model's weights as safetensors. It is known as
 * the Python client knows it (transformers, {@code safetensors_conversion.py}): open, opened by the
 * bot, with the bot's title, and one commit ahead of the main branch. Anyone may open one with that
 * title.
 *
 * @param number of the pull request
 * @param commit what it stands for
 * @param parent the commit that was converted
 */
record Conversion(int number, String commit, String parent) {
  private static final String AUTHOR = "SFconvertbot";
  private static final String TITLE = "Adding `safetensors` variant of this model";
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final int MOST_PAGES = 50;

  /** Asks a hub. */
  @FunctionalInterface
  interface Api {
    /**
     * @param path below the hub's URL
     * @return nothing where the hub has no such thing
     */
    Optional<JsonNode> get(String path) throws IOException;
  }

  /** The newest one of a model. */
  static Optional<Conversion> find(Api api, HubModel model) throws IOException {
    long seen = 0;
    for (int page = 0; page < MOST_PAGES; page++) {
      Optional<JsonNode> answer = api.get(model.apiPath("discussions?p=" + page));
      JsonNode discussions = answer.map(json -> json.path("discussions")).orElse(null);
      if (discussions == null || discussions.isEmpty()) {
        return Optional.empty();
      }
      for (JsonNode discussion : discussions) {
        if (isConversion(discussion)) {
          return of(api, model, discussion.path("num").asInt());
        }
      }
      seen += discussions.size();
      if (seen >= answer.get().path("count").asLong()) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static boolean isConversion(JsonNode discussion) {
    return discussion.path("isPullRequest").asBoolean()
        && discussion.path("status").asText().equals("open")
        && discussion.path("author").path("name").asText().equals(AUTHOR)
        && discussion.path("title").asText().equals(TITLE)
        && discussion.path("num").asInt() > 0;
  }

  private static Optional<Conversion> of(Api api, HubModel model, int number) throws IOException {
    JsonNode commits =
        api.get(model.apiPath("commits/" + HubModel.inOnePart(revision(number)))).orElse(null);
    if (commits == null || commits.size() < 2) {
      return Optional.empty();
    }
    String commit = commits.path(0).path("id").asText();
    String parent = commits.path(1).path("id").asText();
    return COMMIT.matcher(commit).matches() && COMMIT.matcher(parent).matches()
        ? Optional.of(new Conversion(number, commit, parent))
        : Optional.empty();
  }

  String revision() {
    return revision(number);
  }

  private static String revision(int number) {
    return "refs/pr/" + number;
  }
}
