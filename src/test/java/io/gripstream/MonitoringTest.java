package io.gripstream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts and the dashboard say what the service counts. */
class MonitoringTest {
  private static final Path ALERTS = Path.of("k8s/monitoring/alerts.yaml");
  private static final Path CASES = Path.of("src/test/resources/monitoring/alerts.test.yaml");
  private static final Path DASHBOARD = Path.of("k8s/monitoring/dashboard.json");

  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  @TempDir Path folder;

  /** What is in an expression besides metrics, functions and numbers. */
  private static final Pattern OTHER =
      Pattern.compile("\\{[^}]*}|\\[[^]]*]|\\b(?:by|on|without|ignoring) *\\([^)]*\\)");

  private static final Pattern NAME = Pattern.compile("(?<![\\w$])[a-zA-Z_:][\\w:]*(?! *\\(|\\w)");
  private static final Set<String> OPERATORS = Set.of("and", "or", "unless");

  /** Prometheus has it of each process. */
  private static final String UP = "up";

  private static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    YAML.readTree(ALERTS.toFile()).at("/spec/groups/0/rules").forEach(alerts::add);
    assertThat(alerts).isNotEmpty();
    return alerts;
  }

  private static List<String> dashboard() throws IOException {
    List<String> expressions =
        new ObjectMapper().readTree(DASHBOARD.toFile()).path("panels").findValuesAsText("expr");
    assertThat(expressions).isNotEmpty();
    return expressions;
  }

  private static Stream<String> expressions() throws IOException {
    return Stream.concat(
        alerts().stream().map(alert -> alert.path("expr").asText()), dashboard().stream());
  }

  static List<String> metrics(String expression) {
    return NAME.matcher(OTHER.matcher(expression).replaceAll(" "))
        .results()
        .map(MatchResult::group)
        .filter(name -> !OPERATORS.contains(name))
        .toList();
  }

  @Test
  void everyMetricOfTheAlertsAndTheDashboardIsDocumented() throws IOException {
    MetricsTable documented = MetricsTable.read();
    assertThat(expressions())
        .allSatisfy(
            expression ->
                assertThat(metrics(expression))
                    .as(expression)
                    .isNotEmpty()
                    .allMatch(name -> name.equals(UP) || documented.of(name).isPresent()));
  }

  @Test
  void metricsAreToldFromTheRestOfAnExpression() {
    assertThat(
            metrics(
                "sum by (le) (rate(a_bucket{b=~\"c|d\"}[5m])) > 0.5 and on (job) increase(e[1h]) / 2"))
        .containsExactly("a_bucket", "e");
  }

  @Test
  void everyAlertSaysHowBadItIsAndWhatToLookAt() throws IOException {
    assertThat(alerts())
        .allSatisfy(
            alert -> {
              assertThat(alert.at("/labels/severity").asText()).isIn("critical", "warning");
              assertThat(alert.at("/annotations/summary").asText()).isNotEmpty();
              assertThat(alert.at("/annotations/description").asText()).endsWith(".");
            })
        .extracting(alert -> alert.path("alert").asText())
        .doesNotHaveDuplicates()
        .allMatch(name -> name.startsWith("Gripstream"));
  }

  @Test
  void prometheusTakesTheAlerts() throws Exception {
    rules(Files.writeString(folder.resolve("rules.yaml"), ruleFile()));
  }

  @Test
  void eachAlertFiresAtWhatItIsFor() throws Exception {
    Tool promtool = new Tool("promtool").required();
    String cases = Files.readString(CASES);
    assertThat(alerts())
        .allSatisfy(alert -> assertThat(cases).contains(alert.path("alert").asText()));
    Files.writeString(folder.resolve("rules.yaml"), ruleFile());
    Files.writeString(folder.resolve("cases.yaml"), cases);
    promtool.run(folder, "test", "rules", "cases.yaml");
  }

  /** Each expression becomes a rule; Grafana's own variables are filled in as it fills them in. */
  @Test
  void prometheusTakesTheDashboard() throws Exception {
    ObjectNode group = YAML.createObjectNode().put("name", "dashboard");
    ArrayNode rules = group.putArray("rules");
    for (String expression : dashboard()) {
      rules
          .addObject()
          .put("record", "panel:expression:" + rules.size())
          .put("expr", expression.replace("$__rate_interval", "1m"));
    }
    Path file = folder.resolve("dashboard.yaml");
    YAML.writeValue(file.toFile(), Map.of("groups", List.of(group)));
    assertThat(Files.readString(file)).doesNotContain("$");
    rules(file);
  }

  private static void rules(Path file) throws Exception {
    new Tool("promtool").required().run(file.getParent(), "check", "rules", file.toString());
  }

  /** As the file's comment tells people to make it. */
  private static String ruleFile() throws IOException {
    return Files.readString(ALERTS).replaceFirst("(?ms)\\A.*?^spec:\n", "");
  }
}
