import { el } from './dom.js';
import { figure, words } from './format.js';

// What a round measures, by name: a short name for people, and what it means. A name that is not here is shown as it is.

const SCORES = {
  candidateScore: ['candidate’s score', 'Expected accuracy of the candidate on the held-out images, by the judges’ mixtures'],
  baseScore: ['live prompt’s score', 'Expected accuracy of the prompt that was live when the batch was closed'],
  zeroShotScore: ['zero-shot’s score', 'Expected accuracy of the zero-shot prompt on the held-out images'],
  scoreError: ['error of the gain', 'Standard error of the difference of the candidate’s and the live prompt’s scores'],
  candidateAccuracy: ['candidate’s accuracy', 'Accuracy of the candidate by held-out human labels'],
  baseAccuracy: ['live prompt’s accuracy', 'Accuracy of the live prompt by held-out human labels'],
  zeroShotAccuracy: ['zero-shot’s accuracy', 'Accuracy of the zero-shot prompt by held-out human labels'],
  accuracyError: ['error of accuracies', 'Standard error of the difference of the candidate’s and the live prompt’s accuracies'],
  agreement: ['agreement', 'Share of held-out images that candidate and live prompt label alike'],
  candidateConfidence: ['candidate’s confidence', 'Mean probability of the candidate’s predictions'],
  baseConfidence: ['live prompt’s confidence', 'Mean probability of the live prompt’s predictions'],
  candidateEffectiveClasses: ['candidate’s classes', 'How many equally frequent classes would be as diverse as the candidate’s predictions'],
  baseEffectiveClasses: ['live prompt’s classes', 'How many equally frequent classes would be as diverse as the live prompt’s predictions'],
  shownClasses: ['classes shown', 'How many equally frequent classes would be as diverse as what the images show, where they clearly show few of the classes; otherwise all'],
  poolWorth: ['pool’s worth', 'So many independent images would say as much of what comes next as the pool’s, in the order in which they came'],
  heldOut: ['held-out images', 'Images that never train: only these are judged by'],
  heldOutLabelled: ['held-out labels', 'Held-out images with a human label'],
  heldOutLabelledClasses: ['labelled classes', 'Classes that a held-out human label names'],
  classes: ['classes', 'Classes of the task'],
};

const TRAINING = {
  pool: ['pool', 'Samples in the batch'],
  samples: ['samples', 'Samples of the batch whose images could be had'],
  nearDuplicates: ['near-duplicates', 'Images that nearly repeat others, such as frames of one scene: each group of them counts as one image'],
  imagesGone: ['images gone', 'Images of the batch that could not be read again'],
  imageEncodings: ['image encodings', 'Passes of the image tower that the round made'],
  pseudolabels: ['pseudolabels', 'Labels that the strategy chose by itself'],
  pseudolabelledClasses: ['pseudolabelled classes', 'Classes that had a pseudolabel'],
  labelled: ['human labels', 'Images of the batch with a human label that trains'],
  labels: ['labels known', 'Human labels that are known, also of images that are not in the batch'],
  candidates: ['candidates', 'How many candidates the judges chose from'],
  priorEffectiveClasses: ['prior’s classes', 'How many equally frequent classes would be as diverse as what the round thinks of the classes’ frequencies'],
  gamma: ['gamma', 'Weight of the human labels in the loss'],
  lambda: ['lambda', 'Weight of the pseudolabels in the loss'],
  validationLossStart: ['loss at the start', 'Loss of the prompt that the round began with, on the images that choose among its states'],
  validationLoss: ['loss', 'Loss of the prompt that the round ended with, on the same images'],
  loss: ['training loss', 'Loss of the latest step'],
  epoch: ['epoch', 'Passes over the examples so far'],
  steps: ['steps', 'Gradient steps'],
  intervals: ['intervals', 'Evaluation intervals of the training'],
  bestInterval: ['best interval', 'The interval whose state was taken'],
  temperature: ['temperature', 'What the logits are divided by, so that confidences are calibrated'],
};

/** What the judges say of one prompt in another’s place; a group’s prefix comes before each name. */
const COMPARISON = {
  Images: ['images asked', 'How many held-out images were asked about'],
  Share: ['labels changed', 'Share of the pool’s images that change their label: all else is about these'],
  MixtureEffect: ['mixture: effect', 'What a changed held-out image gains by the mixture’s probability, on average; the lesser of two mixtures’ opinions'],
  MixtureDeviates: ['mixture: deviates', 'By how many standard errors the mean over all held-out images is above 0; the lesser of the same two'],
  NeighborEffect: ['neighbors: effect', 'The same effect by the labels that spread along the graph of neighbors from the balanced zero-shot prompt’s'],
  Structure: ['structure', 'What the fit of the labels to the graph gains'],
  Modularity: ['modularity', 'What the labels’ modularity on the graph gains'],
  Rival: ['rival', 'By how much the best labels with few of the classes fit the graph better than the other prompt’s'],
  Likelihood: ['likelihood', 'By how many nats the labels make an image likelier, were each class a Gaussian, as frequent as the labels say'],
  Pull: ['pull', 'The share of the pull towards equally frequent classes that makes the images likeliest'],
  Evenness: ['evenness', 'How much more equally frequent the classes become: what the labels’ entropy gains, over that of equal shares'],
  OwnModularity: ['own modularity', 'The modularity on the graph of the other prompt’s labels themselves'],
  OwnInformation: ['own information', 'What share of a label its neighbors’ labels tell, of the other prompt’s labels'],
  Support: ['support', 'How much surer than chance the balanced zero-shot prompt is: from 0, at chance, to 1'],
  Accuracy: ['accuracy', 'What the accuracy gains on held-out images that people labelled'],
  AccuracyError: ['accuracy: error', 'Standard error of that gain'],
};

const compared = (prefix) => Object.fromEntries(Object.entries(COMPARISON).map(([name, meaning]) => [prefix + name, meaning]));

const GROUPS = [
  ['Scores', SCORES],
  ['Candidate in place of the live prompt', compared('gain')],
  ['Candidate in place of zero-shot', compared('overZeroShot')],
  ['Going back to zero-shot', compared('zeroShotBack')],
  ['Going back to the predecessor', compared('predecessorBack')],
  ['Training', TRAINING],
];

const ALL = Object.assign({}, ...GROUPS.map(([, names]) => names));

/** What people look for first, where there is room for a few only. */
const FIRST = ['candidateScore', 'baseScore', 'candidateAccuracy', 'baseAccuracy', 'heldOut', 'pseudolabels', 'labelled', 'gamma', 'lambda',
  'imageEncodings', 'imagesGone', 'nearDuplicates', 'samples', 'labels', 'zeroShotScore', 'validationLoss', 'epoch', 'loss', 'agreement', 'temperature'];
const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

function pair(name, value) {
  const [short, meaning] = ALL[name] ?? [words(name), name];
  return el('div', { title: meaning }, el('dt', { text: short }), el('dd', { text: figure(value) }));
}

/** The figures that matter most, at most `limit` of them. */
export const foremost = (values, limit) =>
  Object.entries(values).sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b)).slice(0, limit).map(([name, value]) => pair(name, value));

/** All figures, group by group; those of unknown names come last. */
export function grouped(values) {
  const others = Object.keys(values).filter((name) => !Object.hasOwn(ALL, name));
  return [...GROUPS, ['Other figures', Object.fromEntries(others.sort().map((name) => [name, null]))]].flatMap(([title, names]) => {
    const known = Object.keys(names).filter((name) => Object.hasOwn(values, name));
    return known.length === 0 ? [] : [
      el('h4', { text: title }), el('dl', { class: 'metrics' }, ...known.map((name) => pair(name, values[name])))];
  });
}
