package io.gripstream;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.gripstream.kafka.BulkRecordReader;
import io.gripstream.kafka.KafkaClients;
import io.gripstream.kafka.RecordReader;
import io.gripstream.kafka.Unpacking;
import io.gripstream.kafka.follow.Follower;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;

/** Holds the package structure that the design names. */
@AnalyzeClasses(packages = "io.gripstream", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final DescribedPredicate<JavaClass> WRITTEN_BY_HAND =
      DescribedPredicate.describe(
          "written by hand",
          type ->
              !type.getPackageName().startsWith("io.gripstream.event")
                  // What Quarkus generates beside our classes when it packages them.
                  && !type.getSimpleName().contains("_"));

  private static final DescribedPredicate<JavaCall<?>> POLL =
      target(owner(assignableTo(Consumer.class))).and(target(name("poll")));

  @ArchTest
  static final ArchRule packagesHaveNoCircle =
      slices().matching("io.gripstream.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule dependenciesPointOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("clip")
          .definedBy("io.gripstream.clip..")
          .layer("access")
          .definedBy("io.gripstream.access..")
          .layer("prompt")
          .definedBy("io.gripstream.prompt..")
          .layer("task")
          .definedBy("io.gripstream.task..")
          .layer("refine")
          .definedBy("io.gripstream.refine..")
          .layer("kafka")
          .definedBy("io.gripstream.kafka..")
          .layer("image")
          .definedBy("io.gripstream.image..")
          .layer("role")
          .definedBy("io.gripstream.role..")
          .layer("labeler")
          .definedBy("io.gripstream.labeler..")
          .layer("curator")
          .definedBy("io.gripstream.curator..")
          .layer("refiner")
          .definedBy("io.gripstream.refiner..")
          .layer("gateway")
          .definedBy("io.gripstream.gateway..")
          .layer("sample")
          .definedBy("io.gripstream.sample..")
          .layer("model")
          .definedBy("io.gripstream.model..")
          .layer("files")
          .definedBy("io.gripstream.files..")
          .layer("wiring")
          .definedBy("io.gripstream.wiring..")
          .layer("cli")
          .definedBy("io.gripstream.cli..")
          .layer("workshop")
          .definedBy("io.gripstream.workshop..")
          .layer("launcher")
          .definedBy("io.gripstream.launcher..")
          .whereLayer("access")
          .mayOnlyBeAccessedByLayers("gateway", "cli")
          .whereLayer("prompt")
          .mayOnlyBeAccessedByLayers(
              "refine", "kafka", "image", "labeler", "curator", "refiner", "gateway", "workshop")
          .whereLayer("task")
          .mayOnlyBeAccessedByLayers(
              "refine", "labeler", "curator", "refiner", "gateway", "workshop", "cli")
          .whereLayer("refine")
          .mayOnlyBeAccessedByLayers(
              "kafka",
              "image",
              "labeler",
              "curator",
              "refiner",
              "gateway",
              "wiring",
              "workshop",
              "cli")
          .whereLayer("kafka")
          .mayOnlyBeAccessedByLayers(
              "role",
              "image",
              "labeler",
              "curator",
              "refiner",
              "gateway",
              "wiring",
              "workshop",
              "cli")
          .whereLayer("image")
          .mayOnlyBeAccessedByLayers("labeler", "wiring")
          .whereLayer("role")
          .mayOnlyBeAccessedByLayers("labeler", "curator", "refiner", "gateway")
          .whereLayer("labeler")
          .mayOnlyBeAccessedByLayers("gateway", "workshop")
          .whereLayer("curator")
          .mayOnlyBeAccessedByLayers("workshop")
          .whereLayer("refiner")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("gateway")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("sample")
          .mayOnlyBeAccessedByLayers("workshop", "cli")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("wiring", "workshop", "cli")
          .whereLayer("files")
          .mayOnlyBeAccessedByLayers("workshop", "cli", "launcher")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayOnlyBeAccessedByLayers("workshop", "launcher")
          .whereLayer("workshop")
          .mayOnlyBeAccessedByLayers("launcher")
          .whereLayer("launcher")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule theCoreKnowsNoFramework =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.gripstream.clip..",
              "io.gripstream.access..",
              "io.gripstream.prompt..",
              "io.gripstream.refine..",
              "io.gripstream.task..",
              "io.gripstream.model..",
              "io.gripstream.workshop.pico..",
              "io.gripstream.workshop.experiment..",
              "io.gripstream.files..",
              "io.gripstream.sample..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.kafka..", "io.quarkus..", "io.smallrye..", "jakarta..", "io.vertx..");

  @ArchTest
  static final ArchRule healthIsToldInOnePlace =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.gripstream.role..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.eclipse.microprofile.health..");

  @ArchTest
  static final ArchRule rolesHaveOneLifecycle =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.gripstream.role..", "io.gripstream.cli..")
          .and(WRITTEN_BY_HAND)
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("io.quarkus.runtime.StartupEvent");

  @ArchTest
  static final ArchRule whatReadsImagesNeedsNoContainer =
      noClasses()
          .that()
          .resideInAPackage("io.gripstream.image..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.quarkus..", "io.smallrye..", "jakarta..", "io.vertx..");

  @ArchTest
  static final ArchRule onlyWhatReadsImagesKnowsS3 =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.gripstream.image..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("software.amazon..");

  /**
   * One loop reads, writes and commits. Others may open transactions, in order that several records
   * are seen together or not at all: only with a consumer's offsets is one a loop of its own.
   */
  @ArchTest
  static final ArchRule thereIsOneExactlyOnceLoop =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.gripstream.kafka.loop..")
          .should()
          .callMethodWhere(target(name("sendOffsetsToTransaction")));

  @ArchTest
  static final ArchRule clipKnowsNoEvents =
      noClasses()
          .that()
          .resideInAPackage("io.gripstream.clip..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.gripstream.event..");

  /** Otherwise the model would be tested on what it was trained on. */
  @ArchTest
  static final ArchRule sampleStreamsAreDrawnByOtherCodeThanTheTrainingWorld =
      noClasses()
          .that()
          .resideInAPackage("io.gripstream.sample..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.gripstream.workshop.pico..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule dependenciesComeThroughConstructors =
      noFields()
          .that()
          .areDeclaredInClassesThat(WRITTEN_BY_HAND)
          .should()
          .beAnnotatedWith("jakarta.inject.Inject")
          .orShould()
          .beAnnotatedWith("org.eclipse.microprofile.config.inject.ConfigProperty");

  @ArchTest
  static final ArchRule noFieldOfAnObjectIsPublic =
      fields()
          .that()
          .areDeclaredInClassesThat(WRITTEN_BY_HAND)
          .and()
          .areDeclaredInClassesThat()
          .areNotEnums()
          .and()
          .areNotStatic()
          .should()
          .notBePublic();

  /** Constants apart: what would outlive a test, or a restart within one process. */
  @ArchTest
  static final ArchRule staticFieldsAreFinal =
      fields()
          .that()
          .areDeclaredInClassesThat(WRITTEN_BY_HAND)
          .and()
          .areStatic()
          .and()
          .doNotHaveName("$VALUES")
          .should()
          .beFinal();

  /** What reads a topic is a follower, a loop, or a reader of single records. */
  @ArchTest
  static final ArchRule consumersAreOneMechanism =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.gripstream.kafka..")
          .should()
          .callMethodWhere(
              POLL.or(target(owner(type(KafkaClients.class))).and(target(name("consumer")))))
          .orShould()
          .callConstructorWhere(target(owner(assignableTo(Consumer.class))));

  @ArchTest
  static final ArchRule onlyTheReadersOfKafkaPoll =
      noClasses()
          .that()
          .resideInAPackage("io.gripstream.kafka..")
          .and()
          .resideOutsideOfPackage("io.gripstream.kafka.loop..")
          // The last of them reads what another could not, to find its end.
          .and()
          .doNotBelongToAnyOf(
              Follower.class, RecordReader.class, BulkRecordReader.class, Unpacking.class)
          .should()
          .callMethodWhere(POLL);

  @ArchTest
  static final ArchRule onlyBackoffPauses =
      noClasses()
          .that()
          // Knows no Kafka, whose exception ends a back-off; fetches come from a command line.
          .resideOutsideOfPackage("io.gripstream.model..")
          .should()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callMethod(TimeUnit.class, "sleep", long.class);

  @ArchTest
  static final ArchRule onlyTheCommandLineWritesToTheTerminal =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.gripstream.cli..", "io.gripstream.workshop")
          .should(ACCESS_STANDARD_STREAMS);

  @ArchTest static final ArchRule nobodyLogsPastTheFacade = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
}
