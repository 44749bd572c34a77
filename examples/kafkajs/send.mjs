// node send.mjs TASK FILE...: sends images to be labelled.
import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import {kafka, registry, topic} from './gripstream.mjs';

const [task, ...files] = process.argv.slice(2);
const schema = await registry.getLatestSchemaId(`${topic('images')}-value`);
const producer = kafka.producer({idempotent: true});
await producer.connect();
for (const file of files) {
  const event = {content: await readFile(file), uri: null, sha256: null, tasks: [task], attributes: {}};
  await producer.send({
    topic: topic('images'),
    messages: [{key: basename(file), value: await registry.encode(schema, event)}],
  });
}
await producer.disconnect();
