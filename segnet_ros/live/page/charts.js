// Small charts of the numbers in the stats, over the last minute.

import {fit, ratio} from "./ground.js";

const SECONDS = 60;
// The numbers that a chart shows, where the node publishes them: title, unit, factor, top of the scale.
const CHARTS = {
  drivable_fraction: {title: "drivable", unit: "%", factor: 100, top: 100},
  mean_uncertainty: {title: "uncertainty", unit: "", top: 1},
  mean_confidence: {title: "confidence", unit: "%", factor: 100, top: 100},
  place_score: {title: "place score", unit: ""},
  inference_ms: {title: "network", unit: "ms"},
  latency_ms: {title: "latency", unit: "ms"},
  frames_dropped: {title: "dropped frames", unit: "/s", counts: true},
};

export class Charts {
  constructor(place) {
    this.place = place;
    this.charts = {};
  }

  /** Add the numbers of a frame that has just come; one that was never known gets no chart. */
  add(stats) {
    const now = performance.now() / 1000;
    for (const [name, about] of Object.entries(CHARTS)) {
      if (!(name in stats) || (stats[name] === null && !this.charts[name])) continue;
      this.charts[name] ??= new Chart(this.place, about);
      this.charts[name].add(now, stats[name]);
    }
  }
}

class Chart {
  constructor(place, about) {
    this.about = {factor: 1, ...about};
    this.points = [];
    this.counts = [];
    const figure = place.appendChild(document.createElement("figure"));
    const caption = figure.appendChild(document.createElement("figcaption"));
    caption.append(about.title);
    this.value = caption.appendChild(document.createElement("b"));
    this.canvas = figure.appendChild(document.createElement("canvas"));
  }

  add(time, number) {
    this.points = this.points.filter(([then]) => then > time - SECONDS);
    this.points.push([time, this.measured(time, number)]);
    const newest = this.points.at(-1)[1];
    const digits = newest === null || newest >= 10 ? 0 : 2;
    this.value.textContent = newest === null ? "unknown" : `${newest.toFixed(digits)} ${this.about.unit}`;
    this.draw(time);
  }

  /** The number in the chart's unit; of a count, its growth per second during the last one. */
  measured(time, number) {
    if (number === null) return null;
    if (!this.about.counts) return number * this.about.factor;
    this.counts.push([time, number]);
    while (this.counts.length > 2 && this.counts[1][0] < time - 1) this.counts.shift();
    const [then, before] = this.counts[0];
    return Math.max(0, number - before) / Math.max(time - then, 1);
  }

  draw(now) {
    const context = fit(this.canvas);
    const {width, height} = this.canvas;
    const known = this.points.filter(([, value]) => value !== null);
    const top = this.about.top ?? Math.max(...known.map(([, value]) => value), 1e-6) * 1.2;
    context.strokeStyle = "#6cb6ff";
    context.lineWidth = 1.5 * ratio();
    context.beginPath();
    for (const [then, value] of known)
      context.lineTo(width * (1 - (now - then) / SECONDS), height * (1 - value / top));
    context.stroke();
  }
}
