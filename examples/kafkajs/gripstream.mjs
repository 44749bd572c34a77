// Where Gripstream is, and its records: Avro in Confluent's wire format.
import {SchemaRegistry} from '@kafkajs/confluent-schema-registry';
import {Kafka, logLevel} from 'kafkajs';

const {BROKERS = 'localhost:9092', GATEWAY = 'http://localhost:8080', PREFIX = 'gripstream.'} = process.env;

export const kafka = new Kafka({brokers: BROKERS.split(','), logLevel: logLevel.ERROR});
export const registry = new SchemaRegistry({host: GATEWAY});
export const topic = name => PREFIX + name;

// Calls `each` with every record of a topic, from its first one on. The client reads committed
// records only, unless it is told otherwise: what a transaction gave up is never seen.
export async function follow(name, each) {
  const consumer = kafka.consumer({groupId: `example-${name}-${process.pid}`});
  await consumer.connect();
  await consumer.subscribe({topic: topic(name), fromBeginning: true});
  await consumer.run({
    eachMessage: async ({message}) =>
      each(message.key?.toString(), message.value && (await registry.decode(message.value))),
  });
}
