package io.gripstream.labeler;

import io.gripstream.clip.ClipModel;
import io.gripstream.clip.Float16;
import io.gripstream.event.ImageReference;
import io.gripstream.event.Prediction;
import io.gripstream.event.Sample;
import io.gripstream.kafka.CarriedHeaders;
import io.gripstream.kafka.Keys;
import io.gripstream.kafka.Topics;
import io.gripstream.kafka.registry.TopicSerdes;
import io.gripstream.kafka.trace.Traces;
import io.gripstream.labeler.PromptBoard.Served;
import io.gripstream.labeler.TowerPasses.Feature;
import io.gripstream.labeler.Verdicts.Verdict;
import io.opentelemetry.api.trace.Span;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Writes down what the prompts say of an image: one prediction per task, and a sample for each pool
 * that can use one. A prediction whose best label is less sure than the task asks abstains: it says
 * so, and lists its labels all the same. Its image is a sample like any other. A prediction bears
 * the headers of its image's record ({@link CarriedHeaders}), and goes on with its trace.
 */
final class LabelRecords {
  private final Topics topics;
  private final Serializer<Prediction> predictions;
  private final Serializer<Sample> samples;
  private final String modelId;
  private final SampleThinning thinning;

  LabelRecords(Topics topics, TopicSerdes serdes, ClipModel model, SampleThinning thinning) {
    this.topics = topics;
    this.predictions = serdes.predictions().serializer();
    this.samples = serdes.samples().serializer();
    this.modelId = model.id();
    this.thinning = thinning;
  }

  /**
   * @param sha256 of the encoded image
   * @param plain the image's feature without any visual prompt
   * @param verdicts one for each task, in their order
   * @param span of the image; predictions are its children
   */
  void write(
      Arrival arrival,
      String sha256,
      List<Served> tasks,
      Feature plain,
      List<Verdict> verdicts,
      Span span,
      Consumer<ProducerRecord<byte[], byte[]>> outputs) {
    ImageReference reference = reference(arrival, sha256);
    Headers carried = CarriedHeaders.of(Traces.headers(span, arrival.record().headers()));
    // By contract a sample's feature is the plain one, whatever prompt is live: any round may start
    // from it.
    ByteBuffer half = ByteBuffer.wrap(Float16.encode(plain.features().row(plain.row())));
    for (int i = 0; i < tasks.size(); i++) {
      Served task = tasks.get(i);
      LivePrompt prompt = task.prompt();
      Classification said = Classification.of(task, verdicts.get(i));
      Prediction prediction =
          new Prediction(
              arrival.imageId(),
              prompt.task(),
              said.labels(),
              said.abstains(),
              said.zeroShot(),
              prompt.version(),
              prompt.digest(),
              modelId,
              reference,
              arrival.event().getAttributes());
      outputs.accept(
          record(topics.predictions(), arrival.imageId(), prediction, predictions, carried));
      if (thinning.keeps(
          prompt.task(), task.definition().getPool().getSamples(), arrival.imageId())) {
        Sample sample =
            new Sample(
                arrival.imageId(),
                reference,
                half,
                boxed(said.probabilities()),
                prompt.version(),
                prompt.digest(),
                modelId);
        outputs.accept(
            record(topics.samples(), prompt.task(), sample, samples, new RecordHeaders()));
      }
    }
  }

  private static ImageReference reference(Arrival arrival, String sha256) {
    return new ImageReference(
        arrival.record().topic(),
        arrival.record().partition(),
        arrival.record().offset(),
        arrival.event().getUri(),
        sha256);
  }

  /** What the serializer adds to the headers comes behind those that are carried, and so wins. */
  private static <T> ProducerRecord<byte[], byte[]> record(
      String topic, String key, T value, Serializer<T> serializer, Headers carried) {
    Headers headers = new RecordHeaders(carried);
    byte[] bytes = serializer.serialize(topic, headers, value);
    return new ProducerRecord<>(topic, null, Keys.bytes(key), bytes, headers);
  }

  private static List<Float> boxed(float[] values) {
    List<Float> list = new ArrayList<>(values.length);
    for (float value : values) {
      list.add(value);
    }
    return list;
  }
}
