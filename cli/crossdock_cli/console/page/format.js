// Numbers, times and names as people read them.

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const count = (n) => whole.format(n);

/** `1 fact`, `2 facts`. */
export const many = (n, one, more = `${one}s`) => `${count(n)} ${n === 1 ? one : more}`;

/** A length of time in its largest unit that fits: `45 s`, `3 min`, `5.2 h`, `2 days`. */
export function span(seconds) {
  const s = Math.abs(seconds);
  if (s === 0) return "0 s";
  if (s < 1) return `${whole.format(s * 1000)} ms`;
  if (s < 90) return `${whole.format(s)} s`;
  if (s < 5400) return `${whole.format(s / 60)} min`;
  if (s < 172800) return `${fine.format(s / 3600)} h`;
  return `${whole.format(s / 86400)} days`;
}

/** A figure with its unit, as the catalogue has it. */
export function figure(value, unit) {
  if (unit === "Seconds") return span(value);
  if (unit === "Milliseconds") return span(value / 1000);
  if (unit === "Percent") return `${fine.format(value)} %`;
  return fine.format(value);
}

/** How long ago; `now` is the server's instant, so that a wrong clock here does not matter. */
export const age = (at, now) => (at ? span((Date.parse(now) - Date.parse(at)) / 1000) : "");

/** Until when, in words: `in 3 h`, `2 h overdue`. */
export function due(at, now) {
  if (!at) return "";
  const seconds = (Date.parse(at) - Date.parse(now)) / 1000;
  return seconds < 0 ? `${span(seconds)} overdue` : `in ${span(seconds)}`;
}

/** An instant for people, in their own time zone, with the exact one for machines. */
export function instant(at) {
  if (!at) return null;
  const made = document.createElement("time");
  made.dateTime = at;
  made.title = at;
  made.textContent = day.format(new Date(at));
  return made;
}

export const time = (at) => clock.format(new Date(at));

/** `unknown_item` as words. */
export const plain = (name) => name.replaceAll("_", " ");

export const money = (found) => Object.entries(found).map(([currency, amount]) => `${grouped(amount)} ${currency}`).join(", ");

/** Thousands are set apart without going through a float: money keeps its digits. */
const grouped = (amount) => amount.replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));
