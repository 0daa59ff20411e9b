// Overview: alarms that ring, the flow with what waits in it, every figure of the catalogue.

import { ask } from "../api.js";
import { h, morph, tag } from "../dom.js";
import { age, count, figure, plain } from "../format.js";
import { live } from "../live.js";
import { spark } from "../spark.js";

const EVERY_S = 5;
const BREAKER = { closed: ["ok", "up"], open: ["bad", "down"], half: ["warn", "coming back"], paused: ["warn", "paused"] };
const OTHERS = /./;
const SECTIONS = [
  ["Exceptions", /^(Exceptions|MoneyHeldUp|TimeToResolve)/],
  ["Stock", /^(Stock|Warehouse|Holds|Expired|Oversold|Reservation)/],
  ["Prices", /^Price/],
  ["What comes in", /^(Webhook|Subscription|Duplicates|Mapping|Facts?|Partners?|Source|Customer)/],
  ["What goes out", /^(Deliver|Channel|Publication)/],
  ["Agreement", /^Drift/],
  ["Others", OTHERS],
];

export async function show(stage, alive) {
  const alarms = h("section", { class: "group", "aria-labelledby": "alarms-title" });
  const flow = h("section", { class: "card", "aria-labelledby": "flow-title" });
  const figures = h("div", { class: "form" });
  const head = h("div", { class: "head" }, h("div", {}, h("h1", {}, "Overview"), h("p", { class: "lead" }, "What rings, what waits, and how the business stands.")));
  stage.append(head, alarms, flow, figures);
  head.append(
    await live(alive, EVERY_S, async () => {
      const [ringing, picture, measured] = await Promise.all([ask("/api/alarms"), ask("/api/flow"), ask("/api/figures")]);
      refresh(alarms, alarmsOf(ringing.alarms, picture.at));
      refresh(flow, flowOf(picture, measured.figures));
      refresh(figures, sectionsOf(measured.figures));
      return picture.at;
    }),
  );
}

/** Brings a part's content up to date without taking away what is focused or opened in it. */
function refresh(part, children) {
  const wanted = part.cloneNode(false);
  wanted.append(...children);
  morph(part, wanted);
}

// -- alarms --------------------------------------------------------------------------------------------------------

function alarmsOf(alarms, now) {
  const title = h("h2", { id: "alarms-title" }, alarms.length ? `Alarms that ring (${alarms.length})` : "Alarms");
  if (!alarms.length) return [h("div", { class: "row" }, title, tag("ok", "none rings"))];
  return [title, h("ul", { class: "alarms" }, alarms.map((alarm) => alarmOf(alarm, now)))];
}

function alarmOf(alarm, now) {
  return h(
    "li",
    { class: "alarm", "data-key": alarm.name },
    tag("bad", "rings"),
    h("span", { class: "name" }, alarm.name, alarm.since && h("span", { class: "calm small" }, ` for ${age(alarm.since, now)}`)),
    alarm.runbook ? h("a", { href: `/runbooks/${alarm.runbook}` }, `Runbook: ${alarm.runbook}`) : h("span", { class: "calm small" }, "no runbook"),
    h("span", { class: "about" }, alarm.about),
  );
}

// -- the flow ------------------------------------------------------------------------------------------------------

function flowOf(flow, figures) {
  const facts = figures.find((f) => f.name === "FactsApplied")?.by ?? [];
  const applied = Object.fromEntries(facts.map((f) => [f.of, f.value]));
  return [
    h("div", { class: "head" }, h("h2", { id: "flow-title" }, "The flow"), flow.given_up ? tag("bad", `${count(flow.given_up)} given up, see the exceptions`) : tag("ok", "nothing given up")),
    h(
      "ol",
      { class: "flow" },
      step("Sources", flow.sources.map((name) => node(name, heard(figures, name)))),
      step("Inbox", flow.inbox.map(queue)),
      step("Queues", flow.queues.map(queue)),
      step("Books", BOOKS.map(([name, href, domain]) => node(h("a", { href }, name), applied[domain] ? `${count(applied[domain])} applied this hour` : "none applied this hour"))),
      step("Channels", flow.channels.map(channel)),
    ),
  ];
}

const BOOKS = [
  ["Stock", "#/items", "movements"],
  ["Prices", "#/prices", "prices"],
  ["Customers", "#/customers", "customers"],
];

const step = (name, nodes) => h("li", {}, h("h3", {}, name), h("ul", { class: "nodes" }, nodes));

function node(name, note, kind = "", more = null) {
  return h("li", { class: `node ${kind && `node-${kind}`}`.trim() }, h("span", {}, name), more, h("span", { class: "depth" }, note));
}

function heard(figures, source) {
  const found = figures.find((f) => f.name === "WebhookAccepted")?.by.find((f) => f.of === source);
  return found ? `${count(found.value)} this hour` : "quiet this hour";
}

function queue(q) {
  const later = q.later ? `, ${count(q.later)} later` : "";
  return node(q.about, q.waiting ? `${count(q.waiting)} waiting${later}` : q.later ? `${count(q.later)} later` : "empty", q.waiting ? "busy" : "");
}

function channel(c) {
  const [kind, word] = BREAKER[c.state];
  const waiting = c.waiting + c.later;
  const link = h("a", { href: `#/deliveries/${c.channel}` }, c.channel);
  return node(link, waiting ? `${count(waiting)} waiting` : "nothing waits", kind === "ok" ? (waiting ? "busy" : "") : kind, tag(kind, word));
}

// -- figures -------------------------------------------------------------------------------------------------------

function sectionsOf(figures) {
  const told = figures.filter((f) => f.all.value !== null);
  const area = (f) => SECTIONS.findIndex(([, pattern]) => pattern.test(f.name) || pattern === OTHERS);
  told.sort((a, b) => area(a) - area(b));
  const tiles = told.map((f) => tile(f, SECTIONS[area(f)][0]));
  const shown = h("section", { class: "group", "data-key": "told" }, h("h2", {}, "Figures of the last hour"), h("ul", { class: "tiles" }, tiles));
  return [told.length > 0 && shown, silent(figures.filter((f) => f.all.value === null))].filter(Boolean);
}

function silent(figures) {
  if (!figures.length) return null;
  const names = figures.map((f) => h("li", {}, f.title));
  return h("section", { class: "group", "data-key": "silent" }, h("h2", {}, "No data in the last hour"), h("ul", { class: "silent" }, names));
}

function tile(f, area) {
  const summed = f.statistic === "Sum" ? "in the last hour" : "";
  return h(
    "li",
    { class: "tile", "data-key": f.name, title: f.meaning },
    h("h3", {}, h("span", { class: "over" }, area), f.title),
    h("p", { class: "value" }, h("span", { class: "figure" }, figure(f.all.value, f.unit)), summed && h("span", { class: "hint" }, summed)),
    spark(f, f.all.points),
    h("p", { class: "hint" }, `Aim: ${f.aim}`),
    f.by.length > 1 || (f.by.length === 1 && f.dimensions.length) ? split(f) : null,
  );
}

function split(f) {
  return h("dl", { class: "split" }, f.by.slice(0, 8).flatMap((one) => [h("dt", {}, plain(one.of)), h("dd", {}, figure(one.value, f.unit))]));
}
