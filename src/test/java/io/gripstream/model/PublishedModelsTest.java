package io.gripstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gripstream.Jvm;
import io.gripstream.cli.Failures;
import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ClipWeights;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.Digests;
import io.gripstream.clip.SafeTensors;
import io.gripstream.clip.TorchClip;
import io.gripstream.workshop.DrawnModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The models that the documentation names, each laid out on a hub as it is on Hugging Face; only
 * their weights are small and drawn.
 */
class PublishedModelsTest {
  private static final String B_32 = "openai/clip-vit-base-patch32";
  private static final String B_16 = "openai/clip-vit-base-patch16";
  private static final String L_14 = "openai/clip-vit-large-patch14";
  private static final String LAION = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K";
  private static final String TINY = "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M";

  private static final String MAIN = "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268";
  private static final String PULL = "c237dc49a33fc61debc9276459120b7eac67e7ef";
  private static final String OTHER = "0123456789".repeat(4);

  private static final String CONFIG =
      PublishedLayoutTest.config(32, 3, 4, 64, 1030, 32, 48, 2, 4, 96, 32, 16, 24);
  private static final String PREPROCESSING =
      """
      {"crop_size": 32, "do_center_crop": true, "do_normalize": true, "do_resize": true,
       "feature_extractor_type": "CLIPFeatureExtractor",
       "image_mean": [0.48145466, 0.4578275, 0.40821073],
       "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 32}
      """;

  @TempDir private Path drawn;
  @TempDir private Path models;
  @TempDir private Path home;
  private final List<String> notes = new ArrayList<>();
  private byte[] weights;
  private StubHub hub;

  @BeforeEach
  void start() throws IOException {
    hub = new StubHub(drawn);
    ClipConfig config = ClipConfig.parse(CONFIG, "x");
    DrawnModel.write(drawn, config, 1, SafeTensors.Type.F32);
    PublishedLayoutTest.export(drawn.resolve("model.safetensors"), config, SafeTensors.Type.F16);
    weights = Files.readAllBytes(drawn.resolve("model.safetensors"));
    for (String name : List.of(B_32, B_16)) {
      hub.publish(name, MAIN, files(Map.of("pytorch_model.bin", new byte[8])));
      hub.pull(name, 3, "somebody", "open", MAIN, OTHER, Map.of("model.safetensors", new byte[9]));
      hub.pull(name, 66, "SFconvertbot", "open", MAIN, PULL, Map.of("model.safetensors", weights));
    }
    for (String name : List.of(L_14, LAION, TINY)) {
      hub.publish(name, MAIN, files(Map.of("model.safetensors", weights)));
    }
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private Map<String, byte[]> files(Map<String, byte[]> more) throws IOException {
    Map<String, byte[]> files = new HashMap<>(more);
    files.putIfAbsent("config.json", bytes(CONFIG));
    files.putIfAbsent("preprocessor_config.json", bytes(PREPROCESSING));
    files.putIfAbsent("tokenizer.json", Files.readAllBytes(drawn.resolve("tokenizer.json")));
    return files;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {B_32, B_16, L_14, LAION, TINY})
  void aNameOfTheDocumentationIsFetchedAndLoads(String name) throws IOException {
    try (TorchClip clip = folder(name).load(ComputeDevice.cpu())) {
      assertThat(clip.id()).isEqualTo(name + "@" + Digests.sha256(weights).substring(0, 12));
      assertThat(clip.encodeTexts(List.of("a red circle")).columns()).isEqualTo(24);
    }
    int asked = hub.requests().size();
    assertThat(folder(name).path()).isEqualTo(models.resolve("hub").resolve(name).resolve("main"));
    assertThat(hub.requests()).hasSize(asked);
  }

  @Test
  void theDocumentationNamesTheseAndNoOther() throws IOException {
    TreeSet<String> named = new TreeSet<>();
    Pattern.compile("\\b(?:openai|laion|wkcn)/[\\w.-]+")
        .matcher(
            Files.readString(Path.of("README.md")) + Files.readString(Path.of("docs/models.md")))
        .results()
        .forEach(name -> named.add(name.group()));

    assertThat(named).containsExactlyInAnyOrder(B_32, B_16, L_14, LAION, TINY);
  }

  @Test
  void weightsThatAreNotOnMainComeFromTheHubsOwnConversion() throws IOException {
    folder(B_32);

    String at = "/" + B_32 + "/resolve/";
    String cache = "/api/resolve-cache/models/" + B_32 + "/" + MAIN;
    assertThat(hub.requests())
        .containsExactly(
            at + "main/config.json",
            cache + "/config.json",
            at + MAIN + "/preprocessor_config.json",
            cache + "/preprocessor_config.json",
            at + MAIN + "/tokenizer.json",
            cache + "/tokenizer.json",
            at + MAIN + "/model.safetensors",
            at + MAIN + "/model.safetensors.index.json",
            "/api/models/" + B_32 + "/discussions",
            "/api/models/" + B_32 + "/commits/refs%2Fpr%2F66",
            at + "refs%2Fpr%2F66/model.safetensors");
    assertThat(notes).singleElement().asString().contains("refs/pr/66 at commit " + PULL);
    Path folder = models.resolve("hub").resolve(B_32).resolve("main");
    assertThat(Provenance.read(folder.resolve("model.safetensors")).orElseThrow().commit())
        .isEqualTo(PULL);
    assertThat(folder).isDirectoryNotContaining("glob:**.answer.json*");
  }

  @Test
  void theReadmesCommandFetchesThemAndSaysWhereTheyComeFrom() throws Exception {
    List<String> command = Jvm.gripstream("128m", "fetch-model", B_32, "--data", models.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HF_ENDPOINT", hub.url().toString());
    builder.environment().put("HF_HOME", home.toString());

    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(said)
        .contains("hub's own conversion of it, refs/pr/66 at commit " + PULL)
        .contains("preprocessor_config.json")
        .contains("sha256 " + Digests.sha256(weights));
    assertThat(process.waitFor()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"somebody, open", "SFconvertbot, closed", "SFconvertBot, open"})
  void aPullRequestThatIsNotTheBotsOrNotOpenIsNotTaken(String author, String status)
      throws IOException {
    hub.publish("a/pickled", MAIN, files(Map.of("pytorch_model.bin", new byte[8])));
    hub.pull("a/pickled", 1, author, status, MAIN, OTHER, Map.of("model.safetensors", weights));

    assertRefused(
        "a/pickled",
        "pickled weights (pytorch_model.bin) are not read",
        "spaces/safetensors/convert");
    assertThat(hub.requests()).noneMatch(request -> request.contains("refs"));
  }

  @Test
  void aConversionOfAnotherCommitIsNamedAndCanBeAskedForByHand() throws IOException {
    hub.publish("a/moved", MAIN, files(Map.of()));
    hub.pull(
        "a/moved",
        5,
        "SFconvertbot",
        "open",
        OTHER,
        PULL,
        files(Map.of("model.safetensors", weights)));

    assertRefused("a/moved", "of the commit " + OTHER, "main is " + MAIN, "a/moved@refs/pr/5");
    assertThat(folder("a/moved@refs/pr/5").sha256()).contains(Digests.sha256(weights));
  }

  @Test
  void aConversionThatChangedSinceItWasLookedAtIsRefused() throws IOException {
    hub.behave(
        (exchange, file) -> {
          if (exchange.getRequestURI().getPath().contains("/commits/")) {
            StubHub.send(
                exchange, 200, "[{\"id\": \"%s\"}, {\"id\": \"%s\"}]".formatted(OTHER, MAIN));
            return true;
          }
          return false;
        });

    assertRefused(B_32, "the commit " + PULL, OTHER + " was looked at");
  }

  @Test
  void theTokenIsSentToTheHubAndToNobodyElse() throws IOException {
    ModelFolder.of(B_32, models, hub(false, Map.of("HF_TOKEN", "hf_secret\n")), Optional.empty());

    assertThat(hub.secrets()).hasSizeGreaterThan(8).containsOnly("hub Bearer hf_secret");
  }

  @Test
  void theTokenOfALoginIsReadAndAnEmptyOneIsNone() throws IOException {
    Files.writeString(home.resolve("token"), "hf_login\n");
    folder(TINY);
    assertThat(hub.secrets()).isNotEmpty().containsOnly("hub Bearer hf_login");

    Files.writeString(home.resolve("token"), "two\nlines");
    assertRefused(LAION, "is no token");
  }

  @Test
  void aGatedModelAsksForATokenInOneLine() {
    hub.behave(
        (exchange, file) -> {
          exchange.getResponseHeaders().set("X-Error-Code", "GatedRepo");
          StubHub.send(exchange, 401, "Access to model is restricted.");
          return true;
        });

    assertRefused(TINY, "the hub answered 401", "set HF_TOKEN");
  }

  @Test
  void weightsInSeveralFilesLoadAsOne() throws IOException {
    hub.publish("a/sharded", MAIN, files(sharded()));

    ModelHub.Fetched fetched =
        hub(false, Map.of())
            .fetch(HubModel.parse("a/sharded").orElseThrow(), models, Optional.empty());

    try (TorchClip clip = folder("a/sharded").load(ComputeDevice.cpu());
        TorchClip single = folder(TINY).load(ComputeDevice.cpu())) {
      assertThat(clip.id()).isEqualTo(fetched.id()).endsWith(fetched.sha256().substring(0, 12));
      assertThat(clip.encodeTexts(List.of("seven")).values())
          .isEqualTo(single.encodeTexts(List.of("seven")).values());
    }
    assertThat(fetched.files())
        .extracting(ModelHub.FetchedFile::name)
        .contains("model-00002-of-00002.safetensors");
    ModelFolder.of("a/sharded", models, hub(true, Map.of()), Optional.of(fetched.sha256()));
  }

  @Test
  void aPartThatIsMissingOrLeadsAwayIsRefused() throws IOException {
    Map<String, byte[]> lacking = sharded();
    lacking.remove("model-00002-of-00002.safetensors");
    hub.publish("a/lacking", MAIN, files(lacking));
    assertRefused("a/lacking", "has no model-00002-of-00002.safetensors");

    Map<String, byte[]> astray = sharded();
    for (String part : List.of("../x.safetensors", "/x.safetensors", "x.bin")) {
      String index = "{\"weight_map\": {\"x\": \"" + part + "\"}}";
      astray.put("model.safetensors.index.json", bytes(index));
      hub.publish("a/astray", MAIN, files(astray));
      assertRefused("a/astray", "names a part that is no safetensors file beside it");
    }
  }

  /** The same weights in two files: the first has all tensors of the image tower. */
  private Map<String, byte[]> sharded() throws IOException {
    SafeTensors all = SafeTensors.map(drawn.resolve("model.safetensors"));
    Map<String, byte[]> files = new HashMap<>();
    StringBuilder index = new StringBuilder();
    for (int part = 1; part <= 2; part++) {
      String name = "model-0000%d-of-00002.safetensors".formatted(part);
      Map<String, long[]> shapes = new LinkedHashMap<>();
      for (Map.Entry<String, long[]> tensor :
          ClipWeights.shapes(ClipConfig.parse(CONFIG, "x")).entrySet()) {
        if (tensor.getKey().startsWith("vis") == (part == 1)) {
          shapes.put(tensor.getKey(), tensor.getValue());
          index.append(index.isEmpty() ? "" : ",");
          index.append("\"%s\": \"%s\"".formatted(tensor.getKey(), name));
        }
      }
      Path file = drawn.resolve(name);
      SafeTensors.write(
          file,
          shapes,
          SafeTensors.Type.F16,
          tensor -> {
            float[] values = floats(all, tensor, shapes.get(tensor));
            int[] at = {0};
            return () -> values[at[0]++];
          });
      files.put(name, Files.readAllBytes(file));
    }
    files.put("model.safetensors.index.json", bytes("{\"weight_map\": {" + index + "}}"));
    return files;
  }

  private static float[] floats(SafeTensors all, String tensor, long[] shape) {
    try {
      return all.get(tensor, shape).floats();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aModelWithAnotherPreprocessingHasAnotherId() throws IOException {
    String half = PREPROCESSING.replaceAll("\\[0[^]]*]", "[0.5, 0.5, 0.5]");
    hub.publish(
        "a/half",
        MAIN,
        files(Map.of("model.safetensors", weights, "preprocessor_config.json", bytes(half))));

    ModelHub.Fetched fetched =
        hub(false, Map.of())
            .fetch(HubModel.parse("a/half").orElseThrow(), models, Optional.empty());
    try (TorchClip clip = folder("a/half").load(ComputeDevice.cpu())) {
      assertThat(clip.preprocessing().mean()).containsExactly(0.5, 0.5, 0.5);
      assertThat(clip.id())
          .isEqualTo(fetched.id())
          .matches("a/half@" + Digests.sha256(weights).substring(0, 12) + "-[0-9a-f]{8}");
    }

    Files.delete(fetched.folder().resolve("preprocessor_config.json"));
    assertThatThrownBy(
            () -> ModelFolder.of("a/half", models, hub(true, Map.of()), Optional.empty()))
        .isInstanceOf(IOException.class);
    try (TorchClip clip = folder("a/half").load(ComputeDevice.cpu())) {
      assertThat(clip.id()).isEqualTo(fetched.id());
    }
  }

  @Test
  void whatIsNoModelOfTransformersIsSaidBeforeItsWeightsAreFetched() throws IOException {
    hub.publish("a/open", MAIN, Map.of("open_clip_config.json", bytes("{}")));
    assertRefused("a/open", "open_clip configuration only");
    hub.publish("a/none", MAIN, Map.of());
    assertRefused("a/none", "has no config.json");
    hub.publish(
        "a/siglip", MAIN, files(Map.of("config.json", bytes("{\"model_type\": \"siglip\"}"))));
    assertRefused("a/siglip", "model_type \"siglip\", not clip");
    hub.publish(
        "a/lanczos", MAIN, files(Map.of("preprocessor_config.json", bytes("{\"resample\": 1}"))));
    assertRefused("a/lanczos", "resample must be 3, which is bicubic, not 1");
    assertThat(hub.requests(ModelFile.WEIGHTS)).isZero();
  }

  @Test
  void whatAnotherClientHasFetchedIsNotFetchedAgain() throws IOException {
    snapshot(TINY, "main", MAIN, files(Map.of("model.safetensors", weights)));

    try (TorchClip clip = folder(TINY).load(ComputeDevice.cpu())) {
      assertThat(clip.id()).startsWith(TINY + "@");
    }
    assertThat(hub.requests()).isEmpty();
    assertThat(notes).anyMatch(note -> note.contains("model.safetensors is here already"));
    assertThat(models.resolve("hub").resolve(TINY).resolve("main/model.safetensors"))
        .isSymbolicLink();
  }

  @Test
  void whatAnotherClientLeftDamagedIsFetched() throws IOException {
    Path blob = snapshot(TINY, "main", MAIN, files(Map.of("model.safetensors", weights)));
    Files.write(blob, new byte[] {1}, StandardOpenOption.APPEND);

    folder(TINY);

    assertThat(hub.requests())
        .containsExactly("/" + TINY + "/resolve/" + MAIN + "/model.safetensors");
  }

  @Test
  void aConversionThatAnotherClientFetchedIsTakenOnceTheHubSaysWhichItIs() throws IOException {
    snapshot(B_32, "main", MAIN, files(Map.of()));
    snapshot(B_32, "refs/pr/66", PULL, Map.of("model.safetensors", weights));

    assertThatThrownBy(() -> ModelFolder.of(B_32, models, hub(true, Map.of()), Optional.empty()))
        .satisfies(
            failure ->
                assertThat(Failures.sentence(failure))
                    .contains("model.safetensors is missing", "name " + B_32 + "@refs/pr/66"));
    assertThat(
            ModelFolder.of(B_32 + "@refs/pr/66", models, hub(true, Map.of()), Optional.empty())
                .sha256())
        .contains(Digests.sha256(weights));
    assertThat(hub.requests()).isEmpty();

    assertThat(folder(B_32).sha256()).contains(Digests.sha256(weights));
    assertThat(hub.requests()).noneMatch(request -> request.contains("resolve/refs"));
  }

  /** As the Python client leaves it. Gives the weights' blob, or null. */
  private Path snapshot(String name, String ref, String commit, Map<String, byte[]> files)
      throws IOException {
    Path folder = home.resolve("hub/models--" + name.replace("/", "--"));
    Path refs = folder.resolve("refs").resolve(ref);
    Files.createDirectories(refs.getParent());
    Files.writeString(refs, commit);
    Path snapshot = Files.createDirectories(folder.resolve("snapshots").resolve(commit));
    Files.createDirectories(folder.resolve("blobs"));
    Path weightsBlob = null;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      boolean large = file.getKey().endsWith(".safetensors");
      String digest = Digests.sha256(file.getValue());
      String blob = large ? digest : digest.substring(0, 40);
      Files.write(folder.resolve("blobs").resolve(blob), file.getValue());
      Files.createSymbolicLink(
          snapshot.resolve(file.getKey()), Path.of("../../blobs").resolve(blob));
      weightsBlob = large ? folder.resolve("blobs").resolve(blob) : weightsBlob;
    }
    return weightsBlob;
  }

  private ModelFolder folder(String name) throws IOException {
    return ModelFolder.of(name, models, hub(false, Map.of()), Optional.empty());
  }

  private ModelHub hub(boolean offline, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("HF_HOME", home.toString());
    FetchProgress progress =
        new FetchProgress() {
          @Override
          public void received(String file, long bytes, long total) {}

          @Override
          public void note(String line) {
            notes.add(line);
          }
        };
    return new ModelHub(
        HubAccess.of(Optional.of(hub.url()), offline, environment),
        progress,
        ModelHub.Timeouts.USUAL);
  }

  private void assertRefused(String name, String... sayings) {
    assertThatThrownBy(() -> folder(name))
        .isInstanceOf(IOException.class)
        .satisfies(failure -> assertThat(Failures.sentence(failure)).contains(sayings));
  }
}
