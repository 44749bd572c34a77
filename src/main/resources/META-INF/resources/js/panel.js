import { el, byId, text } from './dom.js';
import { STRATEGIES, clock, count, counted, kind, percent, roundName, said, verdict as judge } from './format.js';
import { grouped } from './figures.js';
import * as api from './api.js';

const THUMBNAILS = 48;

/** The drawer: from a label to the image, to the prompt version that made it, to the images that trained that version. */
export class Panel {
  constructor(labeller) {
    this.labeller = labeller;
    this.dialog = byId('panel');
    this.title = byId('panel-title');
    this.body = byId('panel-body');
    this.dialog.querySelector('[data-close]').addEventListener('click', () => this.dialog.close());
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) {
        this.dialog.close();
      }
    });
    this.dialog.addEventListener('keydown', (event) => {
      if (this.labelling?.isConnected && labeller.key(event)) {
        event.preventDefault();
      }
    });
  }

  open(title, ...content) {
    text(this.title, title);
    this.body.replaceChildren(...content);
    if (!this.dialog.open) {
      this.dialog.showModal();
    }
  }

  /** One prediction and where it comes from. */
  prediction(task, prediction, versions) {
    this.labelling = this.labeller.control(prediction);
    const version = versions.find((v) => v.version === prediction.version);
    const origin = el('div', { class: 'origin' });
    const way = el('section', { class: 'way', 'aria-label': 'From the event to the predictions' });
    this.open(said(prediction),
      el('div', { class: 'subject' },
        el('img', { src: api.imageUrl(prediction.image), alt: `The image ${prediction.imageId}`, width: 200, height: 200 }),
        el('div', {}, this.bars(prediction), this.verdict(prediction))),
      this.labelling,
      el('dl', { class: 'facts' }, ...facts({
        image: prediction.imageId,
        labelled: `${clock(prediction.at)}, by version ${prediction.version}`,
        record: `partition ${prediction.image.partition}, offset ${prediction.image.offset}`,
        'SHA-256': prediction.image.sha256,
        prompt: prediction.digest,
        model: prediction.modelId,
        ...prediction.attributes,
      })),
      way,
      version ? this.version(version) : el('p', { class: 'quiet', text: 'Nothing more is known of this version.' }),
      origin);
    this.way(way, task, prediction);
    if (version && version.round > 0) {
      this.batch(origin, task, version.round);
    }
  }

  /** Anything else, such as a form. */
  show(title, ...content) {
    this.labelling = null;
    this.open(title, ...content);
  }

  /** The next image for someone who labels: the keys go on to mean the same. */
  labelNext(task, prediction, versions) {
    this.prediction(task, prediction, versions);
    this.dialog.scrollTop = 0;
    this.labelling.focus();
    this.labeller.focus();
  }

  bars(prediction) {
    return el('ul', { class: 'bars', 'aria-label': 'The most probable classes' }, ...prediction.labels.map(({ label, confidence }) => {
      const fill = el('span', { class: 'fill' });
      fill.style.width = `${confidence * 100}%`;
      return el('li', {}, el('span', { class: 'name', text: label }), el('span', { class: 'bar', 'aria-hidden': 'true' }, fill),
        el('span', { class: 'now', text: percent(confidence) }));
    }));
  }

  verdict(prediction) {
    const zeroShot = `${prediction.zeroShot.label} (${percent(prediction.zeroShot.confidence, 0)})`;
    const lines = [prediction.abstained ? `No class is sure enough for this task. Zero-shot said ${zeroShot}.` : prediction.changed ? `Zero-shot said ${zeroShot}: refinement changed it.` : `Zero-shot says the same (${percent(prediction.zeroShot.confidence, 0)}).`];
    if (prediction.truth !== null) {
      lines.push(judge(prediction) === 'right' ? 'It is right.' : `It is wrong: this is ${prediction.truth}.`);
    }
    return el('p', { class: 'verdict', text: lines.join(' ') });
  }

  version(version) {
    const state = version.live ? 'live now' : version.verdict.toLowerCase();
    return el('section', {}, el('h3', { text: `Version ${version.version}, ${state}` }),
      el('p', { class: 'note', text: kind(version) }),
      STRATEGIES[version.madeBy] ? el('p', { class: 'note', text: `${version.madeBy}: ${STRATEGIES[version.madeBy]}` }) : '',
      version.reason ? el('p', { class: 'reason', text: version.reason }) : '',
      ...grouped(version.evidence));
  }

  /** The image's event, and what every task made of it. */
  async way(root, task, prediction) {
    const title = el('h3', { text: 'From event to prediction' });
    try {
      const { event, predictions } = await api.trace(prediction.image);
      const meant = event.tasks.length ? `for ${event.tasks.join(', ')}` : 'for all tasks';
      const kindOf = event.uri ?? `${event.mediaType ?? 'no image'}, ${counted(event.bytes, 'byte')}`;
      root.replaceChildren(title, el('ol', { class: 'steps' },
        el('li', { text: `${clock(event.at)} · the event came in: ${kindOf}, ${meant}` }),
        ...predictions.map((each) => el('li', { 'data-own': each.task === task },
          `${clock(each.prediction.at)} · `, el('a', { href: `#${encodeURIComponent(each.task)}`, text: each.task }),
          ` says ${said(each.prediction)}, by version ${each.prediction.version}`))));
    } catch (error) {
      root.replaceChildren(title, el('p', { class: 'quiet', text: error.message }));
    }
  }

  /** A button that asks for a round's pseudolabels: choosing them again costs the gateway a moment. */
  pseudolabels(task, number) {
    const root = el('div', { class: 'pseudolabels' });
    const ask = el('button', { type: 'button', class: 'small', text: 'Show the pseudolabels', onclick: async () => {
      ask.disabled = true;
      try {
        const { total, classes } = await api.pseudolabels(task, number);
        root.replaceChildren(el('h3', { text: counted(total, 'pseudolabel') }), ...classes.filter((each) => each.total).map((each) => el('div', {},
          el('h4', { text: `${each.label}: ${count(each.total)}` }),
          el('div', { class: 'thumbnails' }, ...each.samples.map((sample) => this.thumbnail({ ...sample, pseudo: `${each.label}, ${percent(sample.confidence, 0)}` }))))));
      } catch (error) {
        root.replaceChildren(el('p', { class: 'quiet', text: error.message }));
      }
    } });
    root.append(ask);
    return root;
  }

  /** A round and its batch. */
  round(task, number, versions) {
    const origin = el('div', { class: 'origin' });
    const version = versions.find((v) => v.round === number);
    this.open(roundName(number), version ? this.version(version) : '', origin);
    this.batch(origin, task, number, (round) => text(this.title, roundName(number, round.calibration)));
  }

  /** What a round had to learn and to judge from. */
  async batch(root, task, number, onRound = () => {}) {
    try {
      const round = await api.round(task, number, THUMBNAILS);
      onRound(round);
      const name = roundName(number, round.calibration, false);
      if (round.total === 0) {
        root.replaceChildren(el('p', { class: 'quiet', text: `The batch of ${name} is no longer to be had.` }));
        return;
      }
      root.replaceChildren(
        el('h3', { text: `Batch of ${name}: ${counted(round.total, 'image')}` }),
        el('p', { class: 'note', title: STRATEGIES[round.strategy],
          text: [kind({ ...round, paradigm: round.round?.paradigm }), ...chosen(round)].filter(Boolean).join(' · ') }),
        el('p', { class: 'note', text: sample(round) }),
        el('div', { class: 'thumbnails' }, ...round.samples.map((each) => this.thumbnail(each))),
        round.round?.metrics?.pseudolabels > 0 ? this.pseudolabels(task, number) : '');
    } catch (error) {
      root.replaceChildren(el('p', { class: 'quiet', text: error.message }));
    }
  }

  thumbnail({ image, imageId, label, guess, pseudo }) {
    const says = pseudo ? `pseudolabel ${pseudo}` : label ? `a person says ${label}` : guess ? `zero-shot says ${guess}` : '';
    const title = [imageId, says].filter(Boolean).join(': ');
    const picture = el('img', {
      src: api.imageUrl(image), alt: title, title, class: label ? 'labelled' : null, width: 52, height: 52, loading: 'lazy',
    });
    picture.addEventListener('error', () => picture.classList.add('lost'), { once: true });
    return picture;
  }

  letterImage(letter) {
    const picture = el('img', { src: api.letterUrl(letter), alt: `The image of ${letter.key ?? 'a letter'}`, width: 96, height: 96, loading: 'lazy' });
    // Its bytes may be what was wrong with it.
    picture.addEventListener('error', () => picture.classList.add('lost'), { once: true });
    return picture;
  }

  async deadLetters() {
    this.labelling = null;
    this.open('Dead letters', el('p', { class: 'quiet', text: 'reading' }));
    try {
      const letters = await api.deadLetters();
      this.open('Dead letters', el('p', { class: 'note', text:
        letters.count === 0 ? 'Every record could be processed.'
          : `${counted(letters.count, 'record')} could not be processed, and ${letters.count === 1 ? 'is' : 'are'} kept with the reason in the dead-letters topic.${letters.latest.length < letters.count ? ` The latest ${count(letters.latest.length)}:` : ''}` }),
      el('ul', { class: 'letters' }, ...letters.latest.map((letter) => el('li', {},
        letter.mediaType ? this.letterImage(letter) : '',
        el('b', { text: letter.key ?? 'no key' }), el('p', { text: letter.cause }),
        el('p', { class: 'note', text: `${clock(letter.at)} · ${letter.role} · ${letter.origin} · ${counted(letter.bytes, 'byte')}` })))));
    } catch (error) {
      this.open('Dead letters', el('p', { class: 'quiet', text: error.message }));
    }
  }
}

/** What trains in a round. Its candidate may be made in closed form all the same, from every image that is not held out. */
function chosen({ round }) {
  const { pseudolabels, labelled, labels } = round?.metrics ?? {};
  const people = labels > 0 ? `${count(labelled ?? 0)} with a human label, of ${count(labels)} labels known` : '';
  return [pseudolabels > 0 ? counted(pseudolabels, 'pseudolabel') : '', people];
}

function sample({ samples, total }) {
  const guessed = samples.some((each) => each.guess);
  const which = samples.length < total ? `${count(samples.length)} of them` : 'All of them';
  return `${which}, ${guessed ? 'class by class as the zero-shot prompt sees them' : 'evenly over the batch'}.`;
}

function facts(values) {
  return Object.entries(values).map(([name, value]) => el('div', {}, el('dt', { text: name }), el('dd', { text: value })));
}
