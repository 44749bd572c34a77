package io.gripstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The alerts and the dashboard say what the service counts. */
class MonitoringTest {
  private static final Path ALERTS = Path.of("k8s/monitoring/alerts.yaml");
  private static final Path DASHBOARD = Path.of("k8s/monitoring/dashboard.json");

  /** What is in an expression besides metrics, functions and numbers. */
  private static final Pattern OTHER =
      Pattern.compile("\\{[^}]*}|\\[[^]]*]|\\b(?:by|on|without|ignoring) *\\([^)]*\\)");

  private static final Pattern NAME = Pattern.compile("(?<![\\w$])[a-zA-Z_:][\\w:]*(?! *\\(|\\w)");
  private static final Set<String> OPERATORS = Set.of("and", "or", "unless");

  /** Prometheus has it of each process. */
  private static final String UP = "up";

  private static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    new ObjectMapper(new YAMLFactory())
        .readTree(ALERTS.toFile())
        .at("/groups/0/rules")
        .forEach(alerts::add);
    assertThat(alerts).isNotEmpty();
    return alerts;
  }

  private static Stream<String> expressions() throws IOException {
    List<String> dashboard =
        new ObjectMapper().readTree(DASHBOARD.toFile()).path("panels").findValuesAsText("expr");
    assertThat(dashboard).isNotEmpty();
    return Stream.concat(
        alerts().stream().map(alert -> alert.path("expr").asText()), dashboard.stream());
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
    assumeTrue(isInstalled("promtool"), "promtool is not installed");
    Process promtool =
        new ProcessBuilder("promtool", "check", "rules", ALERTS.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(promtool.getInputStream().readAllBytes());
    assertThat(promtool.waitFor()).as(said).isZero();
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
