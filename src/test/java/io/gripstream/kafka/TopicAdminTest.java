package io.gripstream.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class TopicAdminTest {
  private static final String UNCOMPRESSED = "compression.type";
  private static final String POLICY = "cleanup.policy";

  /** Brokers that make topics by themselves, and administrators, make them with the defaults. */
  @Test
  void saysWhichTopicsOfOthersLoseWhatIsNeeded() throws Exception {
    Topics topics = new Topics("made-by-others.");
    KafkaClients clients = new KafkaClients(SharedBroker.address(), Map.of());
    try (var admin = clients.admin()) {
      admin
          .createTopics(
              List.of(
                  topic(topics.tasks(), "delete"),
                  topic(topics.prompts(), "compact,delete"),
                  topic(topics.candidates(), "compact"),
                  topic(topics.images(), "compact"),
                  topic(topics.rounds(), "delete")))
          .all()
          .get();
      List<NewTopic> wanted =
          TopicAdmin.wanted(topics, 1, (short) 1, 1000).stream()
              .filter(
                  topic ->
                      List.of(
                              topics.tasks(),
                              topics.prompts(),
                              topics.candidates(),
                              topics.images(),
                              topics.rounds())
                          .contains(topic.name()))
              .toList();
      assertThat(TopicAdmin.unfit(admin, wanted))
          .containsExactlyInAnyOrder(
              loses(topics.tasks(), "compact"),
              loses(topics.prompts(), "compact"),
              loses(topics.images(), "delete"));
    }
  }

  private static String loses(String topic, String policy) {
    return "The topic %s loses records that are needed; set its cleanup.policy to %s"
        .formatted(topic, policy);
  }

  private static NewTopic topic(String name, String policy) {
    return new NewTopic(name, 1, (short) 1)
        .configs(
            Map.of(
                POLICY,
                policy,
                UNCOMPRESSED,
                "uncompressed",
                "max.message.bytes",
                Integer.toString(KafkaClients.MAX_LETTER_BYTES)));
  }
}
