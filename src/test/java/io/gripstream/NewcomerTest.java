package io.gripstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.LocatorOptions;
import com.microsoft.playwright.Page.ScreenshotOptions;
import com.microsoft.playwright.options.ColorScheme;
import io.gripstream.gateway.Browser;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.path.json.JsonPath;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A newcomer's walk: everything by the page, from no task at all to a round on one's own images and
 * back, and then a subscriber who knows two addresses.
 */
@QuarkusTest
@TestProfile(NewcomerTest.Profile.class)
class NewcomerTest {
  private static final Path PHOTOS = Path.of("..", "shared", "data", "photos.zip");
  private static final Path PICTURES = Path.of("target", "screenshots");
  private static final String PREFIX = "newcomer.";

  /** Three images each: a round needs twenty. */
  private static final List<String> CLASSES =
      List.of(
          "airplanes", "anchor", "ant", "accordion", "barrel", "wrench", "yin_yang", "wild_cat");

  private static final int IMAGES = 24;
  private static final Duration LONG = Duration.ofSeconds(60);

  /** A service with no task. */
  public static final class Profile extends WholeApplication {
    public Profile() {
      super(PREFIX, Map.of());
    }
  }

  @ConfigProperty(name = "gripstream.kafka.bootstrap-servers")
  String brokers;

  @TestHTTPResource("/")
  URI home;

  @TempDir Path folder;

  private final List<String> complaints = new ArrayList<>();

  @Test
  void fromNoTaskToImagesLabelsARoundARollbackAndASubscriber()
      throws IOException, InterruptedException {
    assumeTrue(Files.exists(PHOTOS), PHOTOS + " is absent: there is nothing to drop");
    try (Browser browser = Browser.orSkip();
        BrowserContext context =
            browser
                .chromium()
                .newContext(
                    new NewContextOptions()
                        .setViewportSize(1280, 860)
                        .setColorScheme(ColorScheme.LIGHT))) {
      Page page = context.newPage();
      page.setDefaultTimeout(90_000);
      page.onPageError(complaints::add);
      page.navigate(home.toString());
      page.getByText("What shall be labelled?").waitFor();
      picture(page, "newcomer-1-form");
      page.getByLabel("Name").fill("pets");
      page.getByLabel("Classes, one on each line").fill(String.join("\n", CLASSES));
      page.keyboard().press("Tab");
      page.getByText("Create task").click();
      page.locator("#board").waitFor();
      assertThat(page.url()).endsWith("#pets");

      List<Map<String, String>> images = images();
      drop(page, images);
      page.getByText("24 of 24 files sent to pets").waitFor();
      page.waitForCondition(() -> "24".equals(page.locator("#f-count").textContent()));
      page.waitForCondition(
          () ->
              Boolean.TRUE.equals(
                  page.evaluate(
                      "[...document.querySelectorAll('.tile img')].every(i => i.naturalWidth > 0)")));
      picture(page, "newcomer-2-dropped");

      page.locator("#label").click();
      Locator facts = page.locator("#panel .facts dd").first();
      for (int i = 0; i < 10; i++) {
        String id = facts.textContent();
        // An image's name begins with what it shows.
        page.keyboard().press(String.valueOf(1 + CLASSES.indexOf(id.split("-")[0])));
        page.waitForCondition(() -> !id.equals(facts.textContent()));
      }
      page.keyboard().press("Escape");
      page.getByText("10 human labels").waitFor();
      page.locator("#upload").getByText("Close").click();
      assertThat(predictions().getList("imageId")).hasSize(IMAGES);
      picture(page, "newcomer-3-labelled");

      page.locator("#refine").click();
      say(page, "Refine now?", "to see what ten labels do");
      Locator first = entry(page, 1);
      // Few of so few images are held out, and the gate wants twenty.
      page.waitForCondition(() -> first.count() == 1 && chip(first).equals("held"));
      assertThat(live()).isZero();
      picture(page, "newcomer-4-round");
      first.getByText("Make live").click();
      say(page, "Make version 1 live?", "I like it better");
      page.waitForCondition(() -> chip(first).equals("live"));
      assertThat(live()).isEqualTo(1);
      awaitLabelBy(1, page, images.get(0));

      entry(page, 0).getByText("Roll back to").click();
      say(page, "Roll back to version 0?", "looks wrong");
      page.waitForCondition(() -> chip(entry(page, 0)).equals("live"));
      assertThat(chip(first)).isEqualTo("rolled back");
      assertThat(first.locator(".ended").textContent())
          .endsWith(
              "rolled back by an operator: version 0 is live instead of version 1 (looks wrong)");
      assertThat(live()).isZero();
      assertThat(RestAssured.get("/api/tasks/pets/rounds").jsonPath().getString("diary[0].type"))
          .isEqualTo("ROLLED_BACK");
      awaitLabelBy(0, page, images.get(0));
      picture(page, "newcomer-5-rolled-back");
    }
    assertThat(complaints).isEmpty();
    aSubscriberInPythonSeesWhatThePageShowed();
  }

  private void aSubscriberInPythonSeesWhatThePageShowed() throws IOException, InterruptedException {
    Programs programs = new Programs(folder, brokers, home, PREFIX);
    String python = programs.pythonOrSkip("confluent_kafka", "avro");
    List<String> shown = new ArrayList<>();
    for (JsonNode prediction : new ObjectMapper().readTree(predictions().prettify())) {
      shown.add(
          said(prediction, "imageId", "version", prediction.path("labels").path(0).path("label")));
    }
    Process subscriber =
        programs.start(Path.of("examples", "python"), "predictions", python, "subscribe.py");
    try {
      Awaitility.await()
          .atMost(LONG)
          .untilAsserted(
              () -> {
                List<String> read = new ArrayList<>();
                for (JsonNode line : programs.lines("predictions")) {
                  read.add(said(line, "imageId", "promptVersion", line.path("label")));
                }
                assertThat(read)
                    .as(() -> programs.errors("predictions"))
                    .containsExactlyInAnyOrderElementsOf(shown);
              });
    } finally {
      subscriber.destroy();
    }
  }

  private static String said(JsonNode of, String id, String version, JsonNode label) {
    return "%s is %s by version %d"
        .formatted(of.path(id).asText(), label.asText(), of.path(version).asInt(-1));
  }

  /** Confirms with a reason. */
  private static void say(Page page, String question, String reason) {
    page.getByText(question).waitFor();
    page.locator("#confirm-reason").fill(reason);
    page.locator("#confirm-yes").click();
  }

  /** A version on the page. */
  private static Locator entry(Page page, int version) {
    return page.locator(
        "#versions .entry",
        new LocatorOptions().setHas(page.locator("b:text-is('v" + version + "')")));
  }

  private static String chip(Locator entry) {
    return entry.locator(".chip").textContent();
  }

  private static int live() {
    return RestAssured.get("/api/tasks/pets/prompts/live").jsonPath().getInt("version.version");
  }

  private static JsonPath predictions() {
    return RestAssured.get("/api/tasks/pets/predictions?limit=1000").jsonPath();
  }

  /**
   * Drops an image again and again, each time under another name, until this version labels one.
   */
  private static void awaitLabelBy(int version, Page page, Map<String, String> image) {
    for (int i = 0; i < 50; i++) {
      int before = predictions().getList("").size();
      String name = "after-%d-%d.jpg".formatted(version, i);
      drop(page, List.of(Map.of("name", name, "content", image.get("content"))));
      page.waitForCondition(() -> predictions().getList("").size() > before);
      if (predictions().getInt("find { it.imageId == '%s' }.version".formatted(name)) == version) {
        return;
      }
    }
    fail("no image was labelled by version " + version);
  }

  /** Three of each class. */
  private static List<Map<String, String>> images() throws IOException {
    List<Map<String, String>> images = new ArrayList<>();
    try (ZipFile zip = new ZipFile(PHOTOS.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        String[] path = entry.getName().split("/");
        if (path.length == 3 && CLASSES.contains(path[1])) {
          try (InputStream in = zip.getInputStream(entry)) {
            images.add(
                Map.of(
                    "name",
                    path[1] + "-" + path[2],
                    "content",
                    Base64.getEncoder().encodeToString(in.readAllBytes())));
          }
        }
      }
    }
    return images;
  }

  private static void drop(Page page, List<Map<String, String>> images) {
    page.evaluate(
        """
        images => {
          const transfer = new DataTransfer();
          for (const { name, content } of images) {
            transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, { type: 'image/jpeg' }));
          }
          for (const type of ['dragover', 'drop']) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          }
        }
        """,
        images);
  }

  private static void picture(Page page, String name) {
    page.screenshot(new ScreenshotOptions().setPath(PICTURES.resolve(name + ".png")));
  }
}
