package io.gripstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.ScreenshotOptions;
import com.microsoft.playwright.options.ColorScheme;
import io.gripstream.event.PromptVersion;
import io.gripstream.event.RoundEventType;
import io.gripstream.event.ScoredLabel;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The page in a real browser, over real topics. The pictures are for people to look at:
 * target/screenshots.
 */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class DashboardTest {
  private static final Path PICTURES = Path.of("target", "screenshots");
  private static final String TASK = "digits";
  private static Browser browser;
  private static DigitStream digits;

  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;
  @Inject Gateway gateway;

  @TestHTTPResource("/")
  URI home;

  private final List<String> complaints = new ArrayList<>();

  @BeforeEach
  void open() {
    if (browser == null) {
      browser = Browser.orSkip();
    }
    if (digits == null) {
      define(TASK);
      try (Traffic traffic = new Traffic(clients, topics, serdes)) {
        digits = new DigitStream(traffic, TASK);
        digits.play(Instant.now());
      }
      tell(digits);
      awaitScored(880);
    }
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
      browser = null;
    }
    digits = null;
  }

  @Test
  void theStreamItsAccuracyAndItsVersionsAreOnThePage() {
    try (BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Page page = visit(context);
      page.waitForCondition(() -> page.locator(".tile").count() >= 20);
      awaitPictures(page);
      assertThat(page.locator("#f-live").textContent()).endsWith("%").isNotEqualTo("–");
      assertThat(page.locator("#f-live-note").textContent()).contains("points above zero-shot");
      assertThat(page.locator("#chart path.live").count()).isEqualTo(1);
      assertThat(page.locator("#chart text.marker").allTextContents()).contains("v1", "v3");
      assertThat(page.locator("#marks").textContent()).isEqualTo("promoted");
      assertThat(page.locator("#f-count-name").textContent()).startsWith("Labelled since ");
      assertThat(page.locator("#classes-title").textContent())
          .isEqualTo("Classes, poorest zero-shot first");
      assertThat(page.locator("#classes .class").count()).isEqualTo(10);
      assertThat(page.locator("#classes .class .name").first().textContent()).isEqualTo("five");
      assertThat(page.locator("#versions .entry[data-state=LIVE] b").textContent()).isEqualTo("v3");
      assertThat(page.locator("#versions .entry[data-state=HELD] .reason").textContent())
          .contains("not better");
      assertThat(page.locator("#round progress").getAttribute("value")).isEqualTo("0.46");
      assertThat(page.locator("#round .round-title").textContent()).contains("Round 4", "SSL");
      assertThat(page.locator("#kind").textContent()).isEqualTo("text prompt · AUTO");
      assertThat(page.locator("#versions .entry[data-state=LIVE] .note").first().textContent())
          .startsWith("round 3 · MIXTURE · text · SSL");
      assertThat(page.locator("#versions").textContent())
          .contains("calibration round 1 · BALANCE · text · UL");
      // Other tests of this application may have added letters of theirs.
      assertThat(page.locator("#f-dead-note").textContent()).isEqualTo("of all tasks: see why");
      assertThat(Integer.parseInt(page.locator("#f-dead").textContent())).isGreaterThanOrEqualTo(2);
      picture(page, "dashboard-dark");
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void aWindowThatGrowsIsFilledWithoutNews() {
    try (BrowserContext context = context(200, 900, ColorScheme.DARK)) {
      Page page = visit(context);
      int few = page.locator(".tile").count();
      page.setViewportSize(1440, 900);
      page.waitForCondition(() -> page.locator(".tile").count() >= 20);
      assertThat(few).isLessThan(20);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void itIsAsGoodInLightAndOnATelephone() {
    try (BrowserContext context = context(1440, 900, ColorScheme.LIGHT)) {
      Page page = visit(context);
      awaitPictures(page);
      picture(page, "dashboard-light");
    }
    try (BrowserContext context = context(1280, 800, ColorScheme.LIGHT)) {
      Page page = visit(context);
      awaitPictures(page);
      assertThat(cut(page)).isEmpty();
      double top = page.locator(".tiles").boundingBox().y;
      page.locator(".tile").nth(4).hover();
      page.locator("#held:visible").waitFor();
      assertThat(page.locator(".tiles").boundingBox().y).isEqualTo(top);
      picture(page, "dashboard-1280");
    }
    try (BrowserContext context = context(420, 860, ColorScheme.DARK)) {
      Page page = visit(context);
      awaitPictures(page);
      assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(420);
      assertThat(page.locator(".stream .key").isVisible()).isTrue();
      assertThat(page.locator("#kind").isVisible()).isTrue();
      assertThat(page.locator("#model").isVisible()).isTrue();
      assertThat(cut(page)).isEmpty();
      picture(page, "dashboard-narrow");
      page.screenshot(
          new ScreenshotOptions()
              .setFullPage(true)
              .setPath(PICTURES.resolve("dashboard-narrow-whole.png")));
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void aLabelLeadsToItsImageItsPromptAndTheImagesThatTrainedIt() {
    try (BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Page page = visit(context);
      page.locator(".tile").nth(4).focus();
      page.keyboard().press("Enter");
      page.locator("#panel .thumbnails img").nth(20).waitFor();
      until(
          page,
          "[...document.querySelectorAll('#panel img')].every(i => i.complete && i.naturalWidth > 0)");
      assertThat(page.locator("#panel .bars li").count()).isEqualTo(5);
      assertThat(page.locator("#panel").textContent())
          .contains("Version 3, live now", "Batch of round 3: 500 images")
          .contains("text prompt · made by MIXTURE · semi-supervised (SSL)")
          .contains("text prompt · AUTO · semi-supervised (SSL)")
          .contains("416 pseudolabels · 20 with a human label, of 21 labels known")
          .contains("gamma", "lambda", "image encodings", "images gone");
      assertThat(page.locator("#panel .thumbnails img").count()).isEqualTo(48);
      String titles =
          (String)
              page.evaluate(
                  "[...document.querySelectorAll('#panel .thumbnails img')].map(i => i.title).join()");
      assertThat(Strokes.NAMES).allSatisfy(name -> assertThat(titles).contains("says " + name));
      picture(page, "label");
      page.keyboard().press("Escape");
      assertThat(page.locator("#panel").isVisible()).isFalse();
      page.locator("#dead").click();
      assertThat(page.locator("#panel .letters li").first().textContent()).contains("pixels");
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void aCalibrationRoundIsCalledOneAndSaysWhatItFollows() {
    try (BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Page page = visit(context);
      page.locator("[data-key=round-1]").click();
      page.locator("#panel .thumbnails img").first().waitFor();
      assertThat(page.locator("#panel-title").textContent()).isEqualTo("Calibration round 1");
      assertThat(page.locator("#panel").textContent())
          .contains("Batch of calibration round 1: 230 images")
          .contains("text prompt · BALANCE · unsupervised (UL)")
          .contains("48 of them, class by class as the zero-shot prompt sees them")
          .doesNotContain("AUTO")
          .doesNotContain("Trained");
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void evidenceIsInGroupsAndEachFigureIsExplained() {
    try (BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Page page = visit(context);
      page.locator("[data-key=evidence-3]").click();
      Locator evidence = page.locator("#versions .entry[data-state=LIVE] details");
      assertThat(evidence.locator("h4").allTextContents())
          .containsExactly(
              "Scores",
              "Candidate in place of the live prompt",
              "Candidate in place of zero-shot",
              "Going back to zero-shot",
              "Going back to the predecessor",
              "Training",
              "Other figures");
      assertThat(evidence.locator("dt").allTextContents())
          .contains("mixture: deviates", "a figure of tomorrow");
      assertThat(evidence.locator("div").first().getAttribute("title"))
          .startsWith("Expected accuracy of the candidate");
      picture(page, "evidence");
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatIsLiveAndWhyCanBeReadFromTheChartTheVersionsAndTheFigures() {
    String task = "eventful";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Instant start = Instant.now().minusSeconds(300);
      DigitStream stream = new DigitStream(traffic, task);
      List<PromptVersion> versions = new ArrayList<>();
      for (int version = 0; version < 4; version++) {
        Instant at = start.plusSeconds(60L * version);
        versions.add(traffic.candidate(task, Strokes.NAMES, version, null, version, Map.of(), at));
        traffic.round(task, version, RoundEventType.PROMOTED, version, 1, "better", Map.of(), at);
        stream.during(60, version, at, 60);
      }
      String back = "version 1 is live instead of version 3: worse";
      Instant at = start.plusSeconds(230);
      traffic.round(task, 4, RoundEventType.ROLLED_BACK, 1, 0, back, Map.of("gain", 1.0), at);
      traffic.live(versions.get(1));
      tell(task, stream);
      Page page = visit(context, home + "#" + task);
      page.getByText("60 labelled by v1").waitFor();
      assertThat(page.locator("#versions .entry").last().textContent())
          .contains("promoted", "replaced by v1");
      Locator third = page.locator("#versions .entry").first();
      assertThat(third.locator(".chip").allTextContents()).containsExactly("rolled back");
      assertThat(third.locator(".ended").textContent())
          .endsWith("rolled back by the gate: version 1 is live instead of version 3: worse");
      assertThat(third.locator("[data-key=back-3]").textContent()).isEqualTo("Roll back to");

      String pin = "version 2 is pinned (looks better to me)";
      note(traffic, task, RoundEventType.PINNED, 2, pin, start.plusSeconds(234));
      traffic.live(versions.get(2));
      page.getByText("60 labelled by v2").waitFor();
      page.getByText("Pinned: " + pin).waitFor();
      String drift = "The stream has changed. Version 2 is pinned and stays live.";
      note(traffic, task, RoundEventType.DRIFTED, 2, drift, start.plusSeconds(237));
      until(page, "document.querySelectorAll('#chart line.marker.drifted').length === 1");
      assertThat(page.locator("#chart text.marker.drifted").count()).isZero();
      assertThat(page.locator("#chart line.marker.pinned").count()).isEqualTo(1);
      assertThat(page.locator("#marks span").allTextContents())
          .containsExactly("promoted", "rolled back", "pinned", "stream changed");
      assertThat(page.locator("#versions .entry").nth(2).locator(".ended").textContent())
          .endsWith("replaced by v2, which an operator pinned");
      picture(page, "eventful");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatIsLiveOrWasIsAmongTheVersionsHoweverManyCameSince() {
    String task = "crowded";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Instant start = Instant.now().minusSeconds(600);
      for (int version = 0; version < 75; version++) {
        Instant at = start.plusSeconds(version);
        PromptVersion prompt =
            traffic.candidate(task, Strokes.NAMES, version, null, version, Map.of(), at);
        boolean promoted = version == 0 || version == 2 || version == 5;
        traffic.round(
            task,
            version,
            promoted ? RoundEventType.PROMOTED : RoundEventType.HELD,
            version,
            1,
            "because",
            Map.of(),
            at);
        if (promoted) {
          traffic.live(prompt);
        }
      }
      new DigitStream(traffic, task).goOn(1);
      Page page = visit(context, home + "#" + task);
      until(page, "document.querySelectorAll('#versions .entry').length === 63");
      assertThat(page.locator("#versions .entry b").allTextContents())
          .startsWith("v74")
          .contains("v5", "v2", "v0")
          .doesNotContain("v1", "v14");
      assertThat(page.locator("#versions .entry[data-state=LIVE] b").textContent()).isEqualTo("v5");
      assertThat(page.locator("#versions .gap").first().textContent())
          .isEqualTo("9 versions that were never live");
      assertThat(page.locator("[data-key=back-74]").textContent()).isEqualTo("Make live");
      assertThat(page.locator("[data-key=back-2]").textContent()).isEqualTo("Roll back to");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void aLivePromptThatIsRefusedIsSaid() {
    String task = "forged";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      PromptVersion good =
          traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), Instant.now());
      traffic.live(good);
      new DigitStream(traffic, task).goOn(1);
      Page page = visit(context, home + "#" + task);
      until(page, "document.querySelector('#versions [data-state=LIVE] b')?.textContent === 'v0'");
      assertThat(page.locator("#notice").isVisible()).isFalse();
      traffic.live(PromptVersion.newBuilder(good).setVersion(7).build());
      page.locator("#notice").waitFor();
      assertThat(page.locator("#notice").textContent())
          .isEqualTo(
              "1 live prompt refused; the last: version 7: there is no candidate of version 7");
      assertThat(page.locator("#versions [data-state=LIVE] b").textContent()).isEqualTo("v0");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatTheCuratorRefusesIsSaid() {
    String task = "refused";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      Instant start = Instant.now().minusSeconds(60);
      traffic.live(traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), start));
      traffic.round(task, 0, RoundEventType.PROMOTED, 0, 1, "first", Map.of(), start);
      note(traffic, task, RoundEventType.PINNED, 0, "version 0 is pinned", start.plusSeconds(1));
      String before = "REFINE_NOW: version 0 is pinned";
      note(traffic, task, RoundEventType.REFUSED, null, before, start.plusSeconds(2));
      DigitStream truth = new DigitStream(traffic, task);
      truth.goOn(1);
      Page page = visit(context, home + "#" + task);
      page.getByText("Refine now was refused: version 0 is pinned").waitFor();
      assertThat(page.locator("#notice").isVisible()).isFalse();
      page.locator("#refine").click();
      page.keyboard().press("Enter");
      String why = "REFINE_NOW: version 0 is pinned (I want one)";
      note(traffic, task, RoundEventType.REFUSED, null, why, Instant.now());
      page.locator("#notice").waitFor();
      assertThat(page.locator("#notice").textContent())
          .isEqualTo("Refine now was refused: version 0 is pinned (I want one)");
      assertThat(page.locator("#round").textContent())
          .contains("Refine now was refused: version 0 is pinned (I want one)");
      assertThat(page.locator("#round").textContent())
          .contains("No round starts while a version is pinned.");
      assertThat(page.locator("#classes-title").textContent())
          .isEqualTo("Classes, most frequent first");
      picture(page, "refused");
      tell(task, truth);
      page.getByText("the same as zero-shot").waitFor();
      note(traffic, task, RoundEventType.UNPINNED, 0, "the gate decides again", Instant.now());
      page.getByText("The first round, a calibration, starts after 300 samples.").waitFor();
      traffic.round(task, 1, RoundEventType.REQUESTED, 1, 0, "", Map.of(), Instant.now());
      page.getByText("Round 1").waitFor();
      until(page, "!document.getElementById('round').textContent.includes('refused')");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void aKeyLabelsAnImageAndTheNextOneComesUntilEachClassHasTwo() {
    String task = "keyed";
    String path = "/api/tasks/" + task + "/labels";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      traffic.live(traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), Instant.now()));
      DigitStream stream = new DigitStream(traffic, task);
      stream.goOn(150);
      tell(task, stream);
      Page page = visit(context, home + "#" + task);
      page.locator("#label").click();
      for (int i = 0; i < 40 && fewest(path) < 2; i++) {
        page.locator("#panel .labeller .choice").nth(9).waitFor();
        String id = page.locator("#panel .facts dd").first().textContent();
        String truth =
            gateway
                .board()
                .find(task)
                .orElseThrow()
                .predictions(p -> p.imageId().equals(id), 1)
                .get(0)
                .truth();
        if (i == 3) {
          picture(page, "labelling");
        }
        // Keys are digits: 1 is the first class, 0 the tenth.
        page.keyboard().press(String.valueOf((Strokes.NAMES.indexOf(truth) + 1) % 10));
        page.waitForCondition(
            () -> !id.equals(page.locator("#panel .facts dd").first().textContent()));
        RestAssured.get(path + "/image?imageId=" + id).then().body("label", equalTo(truth));
      }
      assertThat(fewest(path)).isGreaterThanOrEqualTo(2);

      String shown = page.locator("#panel .facts dd").first().textContent();
      page.keyboard().press("ArrowLeft");
      page.waitForCondition(
          () -> !shown.equals(page.locator("#panel .facts dd").first().textContent()));
      page.locator("#panel .choice[aria-pressed=true]").waitFor();
      String last = page.locator("#panel .facts dd").first().textContent();
      page.keyboard().press("Backspace");
      page.getByText(last + " has no label any more").waitFor();
      page.keyboard().press("Escape");
      until(page, "document.querySelectorAll('.class .labels:not(:empty)').length === 10");
      assertThat(page.locator("#labelled").textContent()).endsWith("next round SSL");
      picture(page, "labelled");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void withManyClassesTheBeginningOfANameIsEnough() {
    String task = "many";
    List<String> classes = new ArrayList<>(Strokes.NAMES);
    classes.addAll(List.of("eleven", "twelve", "commercial_area"));
    RestAssured.given()
        .contentType("application/json")
        .body(Map.of("classes", classes, "modality", "VISUAL", "strategy", "CPL"))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.LIGHT)) {
      traffic.live(traffic.candidate(task, classes, 0, null, 0, Map.of(), Instant.now()));
      new DigitStream(traffic, task).goOn(30);
      Page page = visit(context, home + "#" + task);
      assertThat(page.locator("#kind").textContent()).isEqualTo("visual prompt · CPL");
      Locator longest = page.getByTitle("commercial_area: 0").locator(".name");
      assertThat(longest.evaluate("name => name.scrollWidth - name.clientWidth")).isEqualTo(0);
      page.locator("#label").click();
      page.locator("#panel .labeller input").waitFor();
      String id = page.locator("#panel .facts dd").first().textContent();
      page.keyboard().type("tw");
      picture(page, "labelling-many");
      page.keyboard().press("Enter");
      page.waitForCondition(
          () -> !id.equals(page.locator("#panel .facts dd").first().textContent()));
      RestAssured.get("/api/tasks/" + task + "/labels/image?imageId=" + id)
          .then()
          .body("label", equalTo("two"));
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  /** Texts that are cut off. */
  private static String cut(Page page) {
    String texts = ".figure .name, .figure .note, .head .note, .key, .foot .note, #halves, #kind";
    return (String)
        page.evaluate(
            """
        texts => [...document.querySelectorAll(texts)]
          .filter(n => n.scrollWidth > n.clientWidth + 1 && getComputedStyle(n).display !== 'inline')
          .map(n => n.textContent).join()
        """,
            texts);
  }

  private static int fewest(String path) {
    List<Integer> training = RestAssured.get(path).jsonPath().getList("classes.training");
    return training.stream().mapToInt(count -> count).min().orElseThrow();
  }

  @Test
  void newLabelsFlowInAndCommandsGoOut() {
    String task = "flowing";
    define(task);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      traffic.live(traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), Instant.now()));
      DigitStream stream = new DigitStream(traffic, task);
      stream.goOn(8);
      Page page = visit(context, home + "#" + task);
      until(page, "document.getElementById('f-count').textContent === '8'");
      stream.goOn(12);
      until(page, "document.getElementById('f-count').textContent === '20'");
      Locator pin = page.locator("[data-key=pin-0]");
      pin.click();
      page.locator("#confirm-reason").fill("looks better to me");
      picture(page, "command");
      page.waitForResponse(
          answer -> answer.url().endsWith("/commands") && answer.status() == 202,
          () -> page.keyboard().press("Enter"));
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void anImageThatIsNoneOfTheClassesIsShownAsThat() {
    String task = "cautious";
    RestAssured.given()
        .contentType("application/json")
        .body(Map.of("classes", Strokes.NAMES, "abstainBelow", .4))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      traffic.live(traffic.candidate(task, Strokes.NAMES, 0, null, 0, Map.of(), Instant.now()));
      new DigitStream(traffic, task).goOn(8);
      traffic.prediction(
          task,
          "unsure",
          traffic.image("unsure", Strokes.png(3, new Random(3))),
          List.of(new ScoredLabel("three", .3f), new ScoredLabel("eight", .25f)),
          true,
          new ScoredLabel("eight", .4f),
          0,
          Instant.now());
      Page page = visit(context, home + "#" + task);
      Locator tile = page.locator(".tile[data-abstained=true]");
      tile.waitFor();
      assertThat(tile.locator(".label").textContent()).isEqualTo("none of these");
      assertThat(page.locator(".tile[data-abstained=false]").count()).isEqualTo(8);
      RestAssured.given()
          .contentType("application/json")
          .body(List.of(Map.of("imageId", "unsure", "label", "eight")))
          .post("/api/scoreboard/" + task)
          .then()
          .statusCode(200);
      page.getByText("100.0 points below zero-shot; abstaining counts as wrong").waitFor();
      awaitPictures(page);
      picture(page, "abstained");
      tile.click();
      assertThat(page.locator("#panel-title").textContent()).isEqualTo("none of these");
      assertThat(page.locator("#panel .verdict").textContent())
          .isEqualTo(
              "No class is sure enough for this task. Zero-shot said eight (40\u2009%). It is wrong: this is eight.");
      assertThat(page.locator("#panel .bars li .name").first().textContent()).isEqualTo("three");
      picture(page, "abstained-panel");
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void whatComesFromOutsideIsTextAndNothingElse() {
    String task = "hostile";
    String script = "<img src=x onerror=\"document.title='broken'\">";
    RestAssured.given()
        .contentType("application/json")
        .body(Map.of("classes", List.of(script, "b")))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1440, 900, ColorScheme.DARK)) {
      new Hostile(traffic, task, script).play();
      Page page = visit(context, home + "#" + task);
      page.locator(".tile").first().click();
      assertThat(page.locator("#panel-title").textContent()).isEqualTo(script);
      assertThat(page.title()).isEqualTo("Gripstream");
      assertThat(page.locator(".tile .label img").count()).isZero();
    } finally {
      RestAssured.delete("/api/tasks/" + task).then().statusCode(204);
    }
  }

  private Page visit(BrowserContext context) {
    return visit(context, home + "#" + TASK);
  }

  private Page visit(BrowserContext context, String address) {
    Page page = context.newPage();
    page.onPageError(complaints::add);
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error")) {
            complaints.add(message.text());
          }
        });
    page.onRequest(
        request -> {
          if (!request.url().startsWith(home.toString())) {
            complaints.add("asks elsewhere: " + request.url());
          }
        });
    page.navigate(address);
    page.locator("#link[data-state=live]").waitFor();
    page.locator(".tile").first().waitFor();
    page.locator("#versions .entry").first().waitFor();
    return page;
  }

  private static BrowserContext context(int width, int height, ColorScheme scheme) {
    return browser
        .chromium()
        .newContext(new NewContextOptions().setViewportSize(width, height).setColorScheme(scheme));
  }

  private static void awaitPictures(Page page) {
    page.locator("#chart svg, #chart p").first().waitFor();
    until(
        page,
        "[...document.querySelectorAll('.tile img')].slice(0, 24).every(i => i.complete && i.naturalWidth > 0)");
    until(page, "document.getAnimations().every(a => a.playState === 'finished')");
  }

  /** Not waitForFunction: that evaluates in the page, whose policy forbids it. */
  private static void until(Page page, String condition) {
    page.waitForCondition(() -> Boolean.TRUE.equals(page.evaluate(condition)));
  }

  private static void picture(Page page, String name) {
    page.screenshot(new ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")));
  }

  private static void note(
      Traffic traffic,
      String task,
      RoundEventType type,
      Integer version,
      String message,
      Instant at) {
    traffic.round(task, 0, type, version, 0, message, Map.of(), at);
  }

  private static void define(String task) {
    RestAssured.given()
        .contentType("application/json")
        .body(Map.of("classes", Strokes.NAMES, "template", "a hand-drawn {}"))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  private static void tell(DigitStream stream) {
    tell(TASK, stream);
  }

  private static void tell(String task, DigitStream stream) {
    List<Map<String, String>> truths =
        stream.drainTruths().entrySet().stream()
            .map(e -> Map.of("imageId", e.getKey(), "label", e.getValue()))
            .toList();
    RestAssured.given()
        .contentType("application/json")
        .body(truths)
        .post("/api/scoreboard/" + task)
        .then()
        .statusCode(200);
  }

  private void awaitScored(int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> gateway.board().find(TASK).orElseThrow().score().overall().scored() >= count);
  }
}
