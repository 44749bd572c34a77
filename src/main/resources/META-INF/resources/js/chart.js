import { svg, el } from './dom.js';
import { CHANGES } from './changes.js';
import { clock, percent, points } from './format.js';

const MARGIN = { top: 22, right: 56, bottom: 22, left: 36 };

/** Accuracy over time: what the live prompt and the zero-shot prompt make of the same images. */
export class Chart {
  /** `key`: takes the names of the markers that are on show */
  constructor(root, key) {
    this.root = root;
    this.key = key;
    this.series = [];
    this.promotions = [];
    this.tip = el('div', { class: 'tip', 'aria-hidden': 'true' });
    this.tip.hidden = true;
    new ResizeObserver(() => this.draw()).observe(root);
    root.addEventListener('pointermove', (event) => this.point(event));
    root.addEventListener('pointerleave', () => this.leave());
  }

  /** `promotions`: [{at, version, kind}], the version null where it stayed live */
  show(series, promotions) {
    this.series = series;
    this.promotions = promotions;
    this.draw();
  }

  draw() {
    this.key.replaceChildren();
    const width = this.root.clientWidth;
    const height = this.root.clientHeight;
    if (width < 50 || height < 50) {
      return;
    }
    if (this.series.length < 2) {
      this.root.replaceChildren(el('p', { class: 'quiet', text:
        'Nothing to draw yet: accuracy shows once people label images, or whoever runs the stream tells the scoreboard what they are.' }));
      return;
    }
    const first = this.series[0].at;
    const last = this.series[this.series.length - 1].at;
    const low = Math.min(...this.series.map((p) => Math.min(p.live, p.zeroShot)));
    // Begins at 0 unless everything happens far above; never cuts what is drawn.
    this.floor = Math.max(0, Math.floor((low - 0.08) * 5) / 5);
    this.x = (at) => MARGIN.left + ((at - first) / Math.max(1, last - first)) * (width - MARGIN.left - MARGIN.right);
    this.y = (share) => height - MARGIN.bottom - ((share - this.floor) / (1 - this.floor)) * (height - MARGIN.top - MARGIN.bottom);
    const end = this.series[this.series.length - 1];
    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': this.sentence(end) },
      ...this.grid(width), ...this.times(width, height, first, last), ...this.markers(height, first, last),
      svg('path', { class: 'gain', d: this.area() }),
      svg('path', { class: 'zero', d: this.line('zeroShot') }),
      svg('path', { class: 'live', d: this.line('live') }),
      ...this.ends(end, width));
    this.cross = svg('line', { class: 'cross', y1: MARGIN.top, y2: height - MARGIN.bottom });
    this.cross.style.display = 'none';
    picture.append(this.cross);
    this.root.replaceChildren(picture, this.tip);
  }

  sentence(end) {
    return `Over the latest images the live prompt is right on ${percent(end.live)}, the zero-shot prompt on ${percent(end.zeroShot)}; `
      + `${this.promotions.filter((p) => p.kind === 'promoted').length} versions were promoted.`;
  }

  grid(width) {
    const lines = [];
    for (let share = 0; share <= 1.001; share += this.floor > 0.5 ? 0.1 : 0.2) {
      if (share < this.floor - 0.001) {
        continue;
      }
      const y = this.y(share);
      lines.push(svg('line', { class: 'grid', x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }));
      lines.push(svg('text', { class: 'tick', x: MARGIN.left - 7, y: y + 4, 'text-anchor': 'end', text: Math.round(share * 100) }));
    }
    return lines;
  }

  times(width, height, first, last) {
    const ticks = width > 420 ? 4 : 2;
    return Array.from({ length: ticks }, (_, i) => {
      const at = first + ((last - first) * i) / (ticks - 1);
      const anchor = i === 0 ? 'start' : i === ticks - 1 ? 'end' : 'middle';
      return svg('text', { class: 'tick', x: this.x(at), y: height - 5, 'text-anchor': anchor, text: clock(at) });
    });
  }

  markers(height, first, last) {
    let previous = -Infinity;
    const shown = this.promotions.filter((p) => p.at >= first && p.at <= last);
    this.key.replaceChildren(...Object.values(CHANGES).filter(({ kind }) => shown.some((p) => p.kind === kind)).map(({ kind, name }) =>
      el('span', {}, el('i', { class: `mark ${kind}` }), name)));
    return shown.flatMap((p) => {
        const x = this.x(p.at);
        const crowded = p.version === null || x - previous < 22;
        previous = crowded ? previous : x;
        return [
          svg('line', { class: `marker ${p.kind}`, x1: x, x2: x, y1: MARGIN.top - 4, y2: height - MARGIN.bottom }),
          crowded ? null : svg('text', { class: `marker ${p.kind}`, x, y: MARGIN.top - 9, 'text-anchor': 'middle', text: `v${p.version}` }),
        ].filter(Boolean);
      });
  }

  line(name) {
    return this.series.map((p, i) => `${i ? 'L' : 'M'}${this.x(p.at).toFixed(1)} ${this.y(p[name]).toFixed(1)}`).join('');
  }

  area() {
    const back = [...this.series].reverse()
      .map((p) => `L${this.x(p.at).toFixed(1)} ${this.y(p.zeroShot).toFixed(1)}`).join('');
    return `${this.line('live')}${back}Z`;
  }

  /** The last figures beside the lines, kept from covering each other. */
  ends(end, width) {
    let live = this.y(end.live);
    let zero = this.y(end.zeroShot);
    const near = 15 - Math.abs(live - zero);
    if (near > 0) {
      const up = live <= zero ? -1 : 1;
      live += (up * near) / 2;
      zero -= (up * near) / 2;
    }
    const x = width - MARGIN.right + 7;
    return [
      svg('circle', { class: 'zero', cx: this.x(end.at), cy: this.y(end.zeroShot), r: 3 }),
      svg('circle', { class: 'live', cx: this.x(end.at), cy: this.y(end.live), r: 4 }),
      svg('text', { class: 'end live', x, y: live + 4, text: percent(end.live) }),
      svg('text', { class: 'end zero', x, y: zero + 4, text: percent(end.zeroShot) }),
    ];
  }

  point(event) {
    if (this.series.length < 2 || !this.cross) {
      return;
    }
    const box = this.root.getBoundingClientRect();
    const x = event.clientX - box.left;
    const nearest = this.series.reduce((best, p) => (Math.abs(this.x(p.at) - x) < Math.abs(this.x(best.at) - x) ? p : best));
    const at = this.x(nearest.at);
    this.cross.setAttribute('x1', at);
    this.cross.setAttribute('x2', at);
    this.cross.style.display = '';
    this.tip.replaceChildren(
      el('b', { text: `${clock(nearest.at)} · v${nearest.version}` }),
      el('span', { class: 'live', text: `live ${percent(nearest.live)}` }),
      el('span', { class: 'zero', text: `zero-shot ${percent(nearest.zeroShot)}` }),
      el('span', { text: `${points(nearest.live - nearest.zeroShot)} points` }));
    this.tip.hidden = false;
    const left = at > box.width / 2 ? at - this.tip.offsetWidth - 10 : at + 10;
    this.tip.style.left = `${left}px`;
  }

  leave() {
    this.tip.hidden = true;
    if (this.cross) {
      this.cross.style.display = 'none';
    }
  }
}
