// node prompts.mjs: prints the live prompt of each task, now and whenever it changes.
import {follow} from './gripstream.mjs';

// Avro's bytes come as a buffer that may begin anywhere in another one.
export function matrix({shape: [rows, columns], data}) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({length: rows}, (_, row) =>
    Float32Array.from({length: columns}, (_, column) => view.getFloat32(4 * (row * columns + column), true)),
  );
}

// The class probabilities of an image feature of unit length, from the model that modelId names.
export function probabilities(prompt, feature) {
  const logits = matrix(prompt.classFeatures).map(
    (vector, c) =>
      prompt.logitScale * vector.reduce((sum, value, i) => sum + value * feature[i], 0) + (prompt.bias[c] ?? 0),
  );
  const top = Math.max(...logits);
  const odds = logits.map(logit => Math.exp(logit - top));
  const sum = odds.reduce((a, b) => a + b);
  return odds.map(value => value / sum);
}

await follow('prompts', (task, prompt) => {
  if (prompt === null) {
    console.log(JSON.stringify({task, gone: true}));
    return;
  }
  // As if the first class' own vector were an image: shows that the numbers are read rightly.
  const [first] = matrix(prompt.zeroShotFeatures);
  const shares = probabilities(prompt, first);
  console.log(
    JSON.stringify({
      task,
      version: prompt.version,
      classes: prompt.classes,
      modelId: prompt.modelId,
      ofTheFirstClass: prompt.classes[shares.indexOf(Math.max(...shares))],
    }),
  );
});
