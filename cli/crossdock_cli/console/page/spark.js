// A metric's last hour as a small drawing: bars for what is counted, a line for what is measured, and the same in words.

import { s } from "./dom.js";
import { figure } from "./format.js";

const WIDE = 120;
const HIGH = 28;

/** `points` has a value or null for each minute, the oldest first. */
export function spark(metric, points) {
  const there = points.filter((p) => p !== null);
  const most = Math.max(...there, 0);
  const y = (value) => HIGH - 1 - (most ? (value / most) * (HIGH - 4) : 0);
  const step = WIDE / points.length;
  const drawn = metric.statistic === "Sum" ? bars(points, step, y) : lines(points, step, y);
  const ground = s("line", { class: "ground", x1: 0, x2: WIDE, y1: HIGH - 0.5, y2: HIGH - 0.5 });
  const label = text(metric, there);
  return s("svg", { class: "spark", viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ground, drawn);
}

function text(metric, there) {
  if (!there.length) return "nothing measured in the last hour";
  const [low, high, last] = [Math.min(...there), Math.max(...there), there.at(-1)].map((v) => figure(v, metric.unit));
  return `by minute over the last hour: lowest ${low}, highest ${high}, latest ${last}`;
}

function bars(points, step, y) {
  return points.flatMap((value, n) =>
    value === null || value === 0 ? [] : [s("rect", { class: "bar", x: n * step, width: step * 0.8, y: y(value), height: HIGH - 1 - y(value) })],
  );
}

/** Pieces of line between gaps; a value with gaps on both sides is a short stroke. */
function lines(points, step, y) {
  const pieces = [];
  let open = null;
  points.forEach((value, n) => {
    if (value === null) open = null;
    else if (open) open.push([n, value]);
    else pieces.push((open = [[n, value]]));
  });
  return pieces.map((piece) => {
    const ends = piece.length === 1 ? [...piece, [piece[0][0] + 1, piece[0][1]]] : piece;
    return s("polyline", { class: "line", points: ends.map(([n, v]) => `${(n * step).toFixed(2)},${y(v).toFixed(2)}`).join(" ") });
  });
}
