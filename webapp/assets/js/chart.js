// Charts by uPlot: [data-chart="traffic"] (bars by the minute) and [data-chart="series"] (a point's curve, with a band
// from least to greatest where the server put values into buckets).
(() => {
  const SERIES_REFRESH_MS = 5000;
  const SLOW_REFRESH_MS = 60000;
  const texts = JSON.parse(document.body.dataset.texts);
  const lang = document.documentElement.lang;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const two = (n) => String(n).padStart(2, '0');
  const number = new Intl.NumberFormat(lang, { maximumSignificantDigits: 7 });
  const short = new Intl.NumberFormat(lang === 'en' ? 'en' : 'zh-CN', { notation: 'compact', maximumFractionDigits: 1 });

  const clock = (seconds, wide) => {
    const d = new Date(seconds * 1000);
    const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
    return wide ? `${day} ${time}:${two(d.getSeconds())}` : [day, time];
  };

  // The day is named once, under the first mark of it.
  const timeMarks = (plot, marks) => {
    let last = '';
    const span = marks[marks.length - 1] - marks[0];
    return marks.map((mark, i) => {
      const [day, time] = clock(mark);
      const midnight = time === '00:00';
      const first = i === 0 || day !== last;
      last = day;
      if (span > 2 * 86400) return midnight || first ? day : time;
      return midnight && i > 0 ? day : time;
    });
  };

  const axes = (format) => {
    const line = css('--chart-grid');
    const base = {
      stroke: css('--chart-text'), font: `11px ${css('--app-font')}`,
      grid: { stroke: line, width: 1 }, ticks: { show: false },
    };
    return [
      { ...base, values: timeMarks, space: 70, size: 28, grid: { show: false } },
      {
        ...base, size: (plot, values) => 14 + 7 * Math.max(3, ...(values ?? []).map((v) => String(v).length)),
        values: format,
      },
    ];
  };

  // ---- the readout under the cursor

  const tooltip = (box, lines) => {
    const tip = document.createElement('div');
    tip.className = 'chart-tip';
    tip.hidden = true;
    return {
      hooks: {
        init: (plot) => plot.over.append(tip),
        setCursor: (plot) => {
          const i = plot.cursor.idx;
          const rows = i === null || i === undefined ? null : lines(plot, i);
          tip.hidden = rows === null;
          if (rows === null) return;
          tip.replaceChildren(...rows.map((text) => {
            const row = document.createElement('div');
            row.textContent = text;
            return row;
          }));
          const x = plot.valToPos(plot.data[0][i], 'x');
          const right = x > plot.over.clientWidth / 2;
          tip.style.left = right ? 'auto' : `${x + 10}px`;
          tip.style.right = right ? `${plot.over.clientWidth - x + 10}px` : 'auto';
        },
      },
    };
  };

  // ---- one chart: its box, its data, its plot

  class Chart {
    constructor(box) {
      this.box = box;
      this.plot = null;
      this.shown = '';
      this.note = document.createElement('div');
      this.note.className = 'chart-note';
      box.append(this.note);
      this.say(texts.loading);
      new ResizeObserver(() => this.resize()).observe(box);
    }

    say(text) {
      this.note.textContent = text;
      this.note.hidden = text === '';
    }

    size() {
      return { width: this.box.clientWidth, height: this.box.clientHeight };
    }

    resize() {
      if (this.plot !== null && this.box.clientWidth > 0) this.plot.setSize(this.size());
    }

    async fetch(address) {
      const mine = this.asked = Symbol('asked');
      try {
        const answer = await fetch(address, { headers: { Accept: 'application/json' } });
        if (!answer.ok) throw new Error(String(answer.status));
        const body = await answer.json();
        if (this.asked === mine) this.draw(body);
      } catch {
        if (this.asked === mine) this.fail();
      }
    }

    fail() {
      this.clear();
      this.say(texts.failed);
    }

    clear() {
      this.plot?.destroy();
      this.plot = null;
      this.shown = '';
    }

    // A plot of the same kind only gets new data; another kind or another theme gets a new plot.
    put(kind, options, data) {
      const key = `${kind} ${document.documentElement.dataset.bsTheme}`;
      this.say('');
      if (this.plot !== null && this.shown === key) {
        this.plot.setData(data);
        return;
      }
      this.clear();
      this.shown = key;
      this.plot = new uPlot({ ...this.size(), legend: { show: false }, ...options() }, data, this.box);
    }
  }

  const cursor = { y: false, points: { size: 6 }, drag: { x: false, y: false } };

  // ---- traffic

  class Traffic extends Chart {
    constructor(box) {
      super(box);
      for (const button of box.parentElement.querySelectorAll('button[data-minutes]')) {
        button.addEventListener('click', () => {
          box.dataset.minutes = button.dataset.minutes;
          for (const other of box.parentElement.querySelectorAll('button[data-minutes]')) {
            other.setAttribute('aria-pressed', String(other === button));
          }
          this.refresh();
        });
      }
      this.refresh();
    }

    refresh() {
      this.last = Date.now();
      this.fetch(`${this.box.dataset.url}?minutes=${this.box.dataset.minutes}`);
    }

    tick() {
      if (Date.now() - this.last >= 15000) this.refresh();
    }

    draw(body) {
      const found = new Map(body.columns[0].map((t, i) => [t, body.columns[1][i]]));
      const data = [[], []];
      for (let t = body.from / 1000; t < body.to / 1000; t += 60) {
        data[0].push(t);
        data[1].push(found.get(t) ?? 0);
      }
      this.range = [body.from / 1000, body.to / 1000];
      if (found.size === 0) {
        this.clear();
        this.say(texts.no_data);
        return;
      }
      this.put('traffic', () => this.options(), data);
    }

    options() {
      const color = css('--chart-line');
      return {
        cursor, axes: axes((plot, values) => values.map((v) => short.format(v))),
        scales: { x: { range: () => this.range }, y: { range: (plot, min, max) => [0, Math.max(1, max * 1.1)] } },
        series: [{}, {
          stroke: color, width: 1.5, points: { show: false },
          fill: (plot) => {
            const fade = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height);
            fade.addColorStop(0, css('--chart-fill'));
            fade.addColorStop(1, css('--chart-fill-end'));
            return fade;
          },
        }],
        plugins: [tooltip(this.box, (plot, i) => [
          clock(plot.data[0][i], true), `${texts.readings} ${number.format(plot.data[1][i])}`])],
      };
    }
  }

  // ---- series

  // Where nothing came for much longer than usual the line is broken, not drawn across.
  const withGaps = (columns) => {
    const times = columns[0];
    if (times.length < 3) return columns;
    const steps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
    const limit = 4 * steps[Math.floor(steps.length / 2)];
    const out = columns.map(() => []);
    times.forEach((t, i) => {
      if (i > 0 && t - times[i - 1] > limit) {
        out[0].push((t + times[i - 1]) / 2);
        for (let c = 1; c < out.length; c++) out[c].push(null);
      }
      columns.forEach((column, c) => out[c].push(column[i]));
    });
    return out;
  };

  class Series extends Chart {
    constructor(box) {
      super(box);
      this.refresh();
    }

    source() {
      return document.getElementById(this.box.dataset.source).dataset;
    }

    refresh() {
      const { url, point, span, from, to } = this.source();
      this.last = Date.now();
      if (point === '') {
        this.clear();
        this.say(texts.no_data);
        return;
      }
      const query = new URLSearchParams({ point });
      query.set('from', span > 0 ? String(Date.now() - span) : from);
      if (!(span > 0)) query.set('to', to);
      this.fetch(`${url}?${query}`);
    }

    tick() {
      const { span } = this.source();
      const every = span > 0 && span <= 3600000 ? SERIES_REFRESH_MS : SLOW_REFRESH_MS;
      if (span > 0 && Date.now() - this.last >= every) this.refresh();
    }

    draw(body) {
      this.range = [body.from / 1000, body.to / 1000];
      if (body.columns[0].length === 0) {
        this.clear();
        this.say(texts.no_data);
        return;
      }
      const banded = body.bucket_ms > 0;
      this.unit = this.source().unit;
      const few = body.columns[0].length <= 40;
      this.put(`${banded ? 'band' : 'line'} ${few} ${this.source().point}`, () => this.options(banded, few),
        withGaps(body.columns));
    }

    options(banded, few) {
      const color = css('--chart-line');
      const hidden = { stroke: 'transparent', width: 0, points: { show: false } };
      const value = (v) => `${number.format(v)} ${this.unit}`.trim();
      return {
        cursor, axes: axes((plot, values) => values.map((v) => number.format(v))),
        scales: { x: { range: () => this.range }, y: { range: (plot, min, max) => {
          const room = (max - min || Math.abs(max) || 1) * 0.08;
          return [min - room, max + room];
        } } },
        series: [{}, { stroke: color, width: 1.5, points: { show: few, size: 4, fill: color } },
          ...(banded ? [hidden, hidden] : [])],
        bands: banded ? [{ series: [3, 2], fill: css('--chart-fill') }] : [],
        plugins: [tooltip(this.box, (plot, i) => {
          const [time, v, min, max] = plot.data.map((column) => column[i]);
          if (v === null || v === undefined) return null;
          return banded
            ? [clock(time, true), `${texts.average} ${value(v)}`, `${texts.range} ${value(min)} – ${value(max)}`]
            : [clock(time, true), value(v)];
        })],
      };
    }
  }

  const kinds = { traffic: Traffic, series: Series };
  const charts = [...document.querySelectorAll('[data-chart]')].map((box) => new kinds[box.dataset.chart](box));
  document.addEventListener('refreshed', (event) => {
    for (const chart of charts) {
      if (event.detail.changed) chart.refresh();
      else chart.tick();
    }
  });
  document.addEventListener('themechange', () => charts.forEach((chart) => chart.refresh()));
})();
