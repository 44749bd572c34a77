const COUNT = new Intl.NumberFormat('en');
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export const count = (n) => COUNT.format(n);

/** A number of things: 1 image, 2 images. */
export const counted = (n, thing) => `${count(n)} ${thing}${n === 1 ? '' : 's'}`;

/** A share as a percentage: 0.7842 is 78.4 %. */
export const percent = (share, digits = 1) =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(digits)}\u2009%`;

/** A difference of shares in percentage points, with its sign. */
export function points(change, digits = 1) {
  const value = (change * 100).toFixed(digits);
  const sign = change >= 0 ? '+' : '−';
  return `${sign}${value.replace('-', '')}`;
}

export const clock = (millis) => CLOCK.format(new Date(millis));

/** When something began: the time, and the day if it is another one. */
export function since(millis) {
  const at = new Date(millis);
  const today = at.toDateString() === new Date().toDateString();
  return (today ? MINUTE : DAY).format(at);
}

/** A time span in words that fit a small place. */
export function span(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a prediction says in the end. */
export const said = ({ abstained, labels }) => (abstained ? 'none of these' : labels[0]?.label ?? 'no label');

/** Whether it is right, where the truth is known; one that abstained gave no class, and is not. */
export const verdict = ({ abstained, labels, truth }) =>
  (truth === null ? '' : !abstained && truth === labels[0]?.label ? 'right' : 'wrong');

/** A measured figure of which only the name is known. */
export function figure(value) {
  if (typeof value !== 'number') {
    return String(value);
  }
  if (Number.isInteger(value)) {
    return count(value);
  }
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toPrecision(3);
}

/** A metric's name for people: held-out-labelled is "held out labelled". */
export const words = (name) =>
  name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[-_.]+/g, ' ').toLowerCase();

const PARADIGMS = { UL: 'unsupervised (UL)', SSL: 'semi-supervised (SSL)', TRZSL: 'transductive zero-shot (TRZSL)' };

/** The strategies, and how each makes a candidate. */
export const STRATEGIES = {
  GRIP: 'tuned on pseudolabels, more of them in each round',
  IFPL: 'tuned on as many pseudolabels in each round, chosen anew',
  FPL: 'tuned on pseudolabels that the zero-shot prompt chose once',
  CPL: 'tuned on candidate labels: an image may keep several',
  BALANCE: 'the zero-shot class features and a bias for each class, in closed form',
  MIXTURE: 'class means with a shared covariance over the pool, in closed form',
  DISTILL: 'tuned towards the mixture’s probabilities',
  AUTO: 'several strategies, and the judges choose',
};

/** What is tuned, how a candidate is made, and on which labels: as far as it is known, and as short as it is clear. */
export const kind = ({ modality, strategy, madeBy, paradigm }) =>
  [modality && `${modality.toLowerCase()} prompt`, strategy ?? (madeBy && `made by ${madeBy}`), PARADIGMS[paradigm]].filter(Boolean).join(' · ');

/** A round by its number, and what it is for. */
export const roundName = (number, calibration, capital = true) => {
  const name = calibration ? `calibration round ${number}` : `round ${number}`;
  return capital ? name[0].toUpperCase() + name.slice(1) : name;
};

const COMMANDS = { PIN: 'Pin', UNPIN: 'Unpin', ROLL_BACK: 'Roll back', REFINE_NOW: 'Refine now', PAUSE: 'Pause rounds', RESUME: 'Resume rounds' };

/** An entry of the diary that says that a command was refused: "PIN 88: why" is "Pin v88 was refused: why". */
export function refusal({ message }) {
  const [, command, version, why] = /^([A-Z_]+)(?: (\d+))?: ([^]*)$/.exec(message) ?? [];
  return COMMANDS[command] ? `${COMMANDS[command]}${version ? ` v${version}` : ''} was refused: ${why}` : `Refused: ${message}`;
}
