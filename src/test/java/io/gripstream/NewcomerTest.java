package io.gripstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.ScreenshotOptions;
import com.microsoft.playwright.options.ColorScheme;
import io.gripstream.gateway.Browser;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** A newcomer's walk: everything by the page, from no task at all to labels of one's own images. */
@QuarkusTest
@TestProfile(NewcomerTest.Profile.class)
class NewcomerTest {
  private static final Path PHOTOS = Path.of("..", "shared", "data", "photos.zip");
  private static final Path PICTURES = Path.of("target", "screenshots");
  private static final List<String> CLASSES =
      List.of("airplanes", "anchor", "ant", "accordion", "barrel");

  /** A service with no task. */
  public static final class Profile extends WholeApplication {
    public Profile() {
      super("newcomer.", Map.of());
    }
  }

  @TestHTTPResource("/")
  URI home;

  private final List<String> complaints = new ArrayList<>();

  @Test
  void aTaskIsMadeImagesAreDroppedTenAreLabelledByKeyAndPredictionsAreSeen() throws IOException {
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

      drop(page, images());
      page.getByText("15 of 15 files sent to pets").waitFor();
      page.waitForCondition(() -> page.locator(".tile").count() == 15);
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
        page.keyboard().press(String.valueOf(1 + i % CLASSES.size()));
        page.waitForCondition(() -> !id.equals(facts.textContent()));
      }
      page.keyboard().press("Escape");
      page.getByText("10 human labels").waitFor();
      assertThat(RestAssured.get("/api/tasks/pets/predictions").jsonPath().getList("imageId"))
          .hasSize(15);
      picture(page, "newcomer-3-labelled");
    }
    assertThat(complaints).isEmpty();
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
