package io.gripstream.kafka;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A small record that unpacks to more than a process of 128 MB has memory for. */
public final class Bomb {
  private static final int BYTES = 150 << 20;

  private Bomb() {}

  /** Makes a topic one that takes compressed records, as those of somebody else's making do. */
  public static void allow(String topic) throws Exception {
    try (var admin = SharedBroker.clients().admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("compression.type", "producer"),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  public static void send(String topic) throws Exception {
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers",
            SharedBroker.address(),
            "compression.type",
            "gzip",
            "max.request.size",
            Integer.MAX_VALUE,
            "buffer.memory",
            2L * BYTES);
    try (var producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, new byte[BYTES])).get();
    }
  }
}
