const COUNT = new Intl.NumberFormat('en');
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const count = (n) => COUNT.format(n);

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

/** What is tuned, how pseudolabels are chosen, and on which labels: as far as it is known, and as short as it is clear. */
export const kind = ({ modality, strategy, paradigm }) =>
  [modality && `${modality.toLowerCase()} prompt`, strategy, PARADIGMS[paradigm]].filter(Boolean).join(' · ');
