package io.gripstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.ScreenshotOptions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import io.gripstream.event.RoundEventType;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a person does on the page besides looking at one task. */
@QuarkusTest
@TestProfile(GatewayOnly.class)
class PageTest {
  private static final Path PICTURES = Path.of("target", "screenshots");
  private static Browser browser;

  @Inject KafkaClients clients;
  @Inject Topics topics;
  @Inject TopicSerdes serdes;

  @TestHTTPResource("/")
  URI home;

  private final List<String> complaints = new ArrayList<>();

  @BeforeEach
  void open() {
    browser = browser == null ? Browser.orSkip() : browser;
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
      browser = null;
    }
  }

  @Test
  void aFormMakesATaskAndSaysAtEachFieldWhatIsWrong() {
    try (BrowserContext context = context(400, 860, ColorScheme.DARK)) {
      Page page = visit(context, "#/new");
      page.getByLabel("Name").fill("Not A Name");
      page.getByLabel("Classes, one on each line").fill("cat\ncat");
      page.getByLabel("Sentence").fill("a photo");
      page.getByText("Create task").click();
      page.getByText("template must contain {} exactly once").waitFor();
      assertThat(page.locator("#error-name").textContent()).startsWith("a task's name must match");
      assertThat(page.evaluate("document.activeElement.id")).isEqualTo("field-name");
      assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(400);
      picture(page, "form-refused-narrow");
      page.getByLabel("Name").fill("made");
      page.getByLabel("Sentence").fill("a drawing of a {}");
      page.getByText("Create task").click();
      page.getByText("is the same text as").waitFor();
      assertThat(page.locator("#error-classes").textContent()).contains("classes[1]");
      page.getByLabel("Classes, one on each line").fill("cat\n dog \n");
      page.getByText("Advanced settings").click();
      page.getByLabel("Images between rounds").fill("77");
      page.keyboard().press("Enter");
      page.locator("#board").waitFor();
      assertThat(page.url()).endsWith("#made");
      RestAssured.get("/api/tasks/made")
          .then()
          .body("definition.classes", contains("cat", "dog"))
          .body("definition.template", equalTo("a drawing of a {}"))
          .body("definition.trigger.samples", equalTo(77));

      page.navigate(home + "#/new");
      page.getByLabel("Name").fill("made");
      page.getByLabel("Classes, one on each line").fill("x\ny");
      page.getByText("Create task").click();
      page.getByText("there is a task named made already").waitFor();
    } finally {
      RestAssured.delete("/api/tasks/made");
    }
  }

  @Test
  void allTasksAreSeenAtAGlanceAndEachHasAnAddress() {
    define("glad", List.of("a", "b"));
    define("sorry", List.of("a", "b"));
    Instant now = Instant.now();
    try (Traffic traffic = new Traffic(clients, topics, serdes)) {
      traffic.live(traffic.candidate("glad", List.of("a", "b"), 0, null, 0, Map.of(), now));
      traffic.round("glad", 0, RoundEventType.PROMOTED, 0, 1, "the first", Map.of(), now);
      traffic.round("sorry", 1, RoundEventType.FAILED, null, 0, "no examples", Map.of(), now);
      for (int width : new int[] {1280, 400}) {
        try (BrowserContext context =
            context(width, 800, width == 400 ? ColorScheme.DARK : ColorScheme.LIGHT)) {
          Page page = visit(context, "#/");
          page.getByText("1 round failed: no examples").waitFor();
          page.locator("[data-task=glad]").getByText("promoted v0").waitFor();
          assertThat(page.locator("#overview-line").textContent()).contains("waiting");
          assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(width);
          picture(page, "overview-" + width);
          page.locator("[data-task=glad]").focus();
          page.keyboard().press("Enter");
          page.locator("#board").waitFor();
          assertThat(page.url()).endsWith("#glad");
          page.goBack();
          page.locator("#overview").waitFor();
        }
      }
    } finally {
      RestAssured.delete("/api/tasks/glad");
      RestAssured.delete("/api/tasks/sorry");
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void chosenFilesAreSentAndEachRefusalNamesItsFile() throws IOException {
    define("sent", List.of("one", "two"));
    Path folder = Files.createTempDirectory("sent");
    Files.write(
        Files.createDirectories(folder.resolve("two")).resolve("2.png"),
        Strokes.png(2, new Random(2)));
    try (BrowserContext context = context(1280, 800, ColorScheme.DARK)) {
      Page page = visit(context, "#sent");
      page.locator("#board").waitFor();
      page.setInputFiles(
          "#files",
          new FilePayload[] {
            new FilePayload("good.png", "image/png", Strokes.png(1, new Random(1))),
            new FilePayload("notes.txt", "text/plain", "no image at all".getBytes())
          });
      page.getByText("1 of 2 files sent to sent, 1 refused").waitFor();
      assertThat(page.locator(".refused li").textContent())
          .isEqualTo("notes.txt the body is none of JPEG, PNG, GIF, BMP, WebP and TIFF");
      picture(page, "upload");
      page.getByText("Close").click();

      page.setInputFiles("#folder", folder);
      page.getByText("1 of them lie in folders that are named like classes").waitFor();
      page.locator("#folder-labels").check();
      page.locator("#upload .primary").click();
      page.getByText("1 of 1 file sent to sent").waitFor();
      page.getByText("1 human label").waitFor();
    } finally {
      RestAssured.delete("/api/tasks/sent");
    }
  }

  @Test
  void aTaskIsChangedAndDeletedAfterItWasSaidWhatThatMeans() {
    define("changed", List.of("a", "b"));
    try (BrowserContext context = context(1280, 800, ColorScheme.LIGHT)) {
      Page page = visit(context, "#changed");
      page.locator("#board").waitFor();
      page.locator("#change").click();
      page.getByLabel("Classes, one on each line").fill("a\nb\nc");
      page.getByText("Save").click();
      page.getByText("end the live prompt’s service").waitFor();
      picture(page, "change");
      page.locator("#confirm-yes").click();
      page.waitForCondition(() -> !page.locator("#panel").isVisible());
      RestAssured.get("/api/tasks/changed")
          .then()
          .body("definition.classes", contains("a", "b", "c"));
      page.locator("#change").click();
      page.locator("#delete").click();
      page.getByText("Its images are no longer labelled").waitFor();
      page.locator("#confirm-yes").click();
      page.waitForCondition(() -> RestAssured.get("/api/tasks/changed").statusCode() == 404);
    }
    assertThat(complaints).isEmpty();
  }

  @Test
  void deadLettersAreShownWithReasonAndImageAndALabelLeadsToItsEvent() {
    define("lost", Strokes.NAMES);
    try (Traffic traffic = new Traffic(clients, topics, serdes);
        BrowserContext context = context(1280, 800, ColorScheme.DARK)) {
      traffic.deadLetter("with-image", Strokes.png(7, new Random(7)), "one pixel too many");
      traffic.live(traffic.candidate("lost", Strokes.NAMES, 0, null, 0, Map.of(), Instant.now()));
      new DigitStream(traffic, "lost").goOn(3);
      Page page = visit(context, "#lost");
      page.locator(".tile").first().click();
      page.locator("#panel .steps li").nth(1).waitFor();
      assertThat(page.locator("#panel .steps").textContent())
          .contains("the event came in: image/png", "for all tasks", "lost says");
      picture(page, "way");
      page.keyboard().press("Escape");
      page.locator("#dead").click();
      page.getByText("one pixel too many").waitFor();
      page.waitForCondition(
          () ->
              Boolean.TRUE.equals(
                  page.evaluate("document.querySelector('.letters img').naturalWidth > 0")));
      picture(page, "dead-letters");
    } finally {
      RestAssured.delete("/api/tasks/lost");
    }
    assertThat(complaints).isEmpty();
  }

  private Page visit(BrowserContext context, String hash) {
    Page page = context.newPage();
    page.onPageError(complaints::add);
    page.navigate(home + hash);
    return page;
  }

  private static BrowserContext context(int width, int height, ColorScheme scheme) {
    return browser
        .chromium()
        .newContext(new NewContextOptions().setViewportSize(width, height).setColorScheme(scheme));
  }

  private static void define(String task, List<String> classes) {
    RestAssured.given()
        .contentType("application/json")
        .body(Map.of("classes", classes))
        .put("/api/tasks/" + task)
        .then()
        .statusCode(201);
  }

  private static void picture(Page page, String name) {
    page.screenshot(new ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")));
  }
}
