// node subscribe.mjs: prints each prediction as a JSON line.
import {follow} from './gripstream.mjs';

await follow('predictions', (imageId, prediction) => {
  const [best] = prediction.labels;
  console.log(
    JSON.stringify({
      imageId,
      task: prediction.task,
      label: prediction.abstained ? null : best.label,
      confidence: best.confidence,
      zeroShot: prediction.zeroShot.label,
      promptVersion: prediction.promptVersion,
    }),
  );
});
