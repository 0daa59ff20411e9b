// Deliveries by channel: how each channel is, what it was told, and what became of it; pause and resume.

import { ask, say, tell } from "../api.js";
import { openDialog } from "../ask.js";
import { button, choice, field, h, morph, pairs, part, table, tag } from "../dom.js";
import { age, count, instant, many, plain } from "../format.js";
import { live } from "../live.js";

const STATES = { closed: ["ok", "takes deliveries"], open: ["bad", "down"], half: ["warn", "coming back"], paused: ["warn", "paused by hand"] };
const TOLD = { acknowledged: ["ok", "acknowledged"], told: ["warn", "on its way"], rejected: ["bad", "rejected"], waiting: ["warn", "waiting"] };

export async function show(stage, alive, name) {
  const cards = h("ul", { class: "channels" });
  const head = h("div", { class: "head" }, h("div", {}, h("h1", {}, "Deliveries"), h("p", { class: "lead" }, "Which channels take what they are told, and what they hold.")));
  stage.append(head, cards);
  let channels = [];
  const look = async () => {
    const found = await ask("/api/channels");
    channels = found.channels;
    const next = cards.cloneNode(false);
    next.append(...channels.map((c) => card(c, found.at, look)));
    morph(cards, next);
    return found.at;
  };
  head.append(await live(alive, 5, look));
  if (alive.yes) stage.append(await told(alive, name ?? (channels.find((c) => c.publishes.includes("availability")) ?? channels[0])?.channel, channels));
}

function card(c, now, look) {
  const parks = ["open", "paused"].includes(c.state);
  return h(
    "li",
    { class: "card", "data-key": c.channel },
    h("div", { class: "head" }, h("h2", {}, c.channel), tag(...STATES[c.state])),
    c.error && h("p", { class: "note wrap" }, c.state === "closed" ? `Last trouble: ${c.error}` : c.error),
    pairs({ "Hears of": c.publishes.map(plain).join(", "), "Parked": count(c.parked), "Oldest parked": c.oldest && `${age(c.oldest, now)} ago`, "Next probe": instant(c.next_probe), "Requests a second": c.requests_per_second ? String(c.requests_per_second) : "any number", "Since": c.since ? instant(c.since) : null }),
    h("div", { class: "row" },
      h("a", { href: `#/deliveries/${part(c.channel)}`, "data-key": "told" }, "What it was told"),
      // Told apart by what they do: a button keeps what it does when the card is refreshed.
      parks ? button(`Resume ${c.channel}`, () => resume(c, look), "", { "data-key": "resume" }) : button(`Pause ${c.channel}…`, () => pause(c, look), "", { "data-key": "pause" })),
  );
}

function pause(c, look) {
  openDialog(`Pause ${c.channel}`, ({ show, close }) => {
    const why = h("input", { type: "text", name: "why", required: true, autocomplete: "off" });
    const done = async () => {
      await tell(`/api/channels/${part(c.channel)}/pause`, { why: why.value });
      close();
      await look();
      say(`${c.channel} is told nothing from now on.`);
    };
    show(`Pause ${c.channel}`, [h("p", {}, "What it is to be told is parked, each item once, until it is resumed."), field("Why", why, "Shown with the channel, with your name.")], [["Pause", done]]);
  });
}

function resume(c, look) {
  openDialog(`Resume ${c.channel}`, ({ show, close }) => {
    const done = async () => {
      const { parked } = await tell(`/api/channels/${part(c.channel)}/resume`);
      close();
      await look();
      say(`${c.channel} is told again, ${many(parked, "parked item")} first.`);
    };
    show(`Resume ${c.channel}`, [h("p", {}, `${many(c.parked, "parked item")} would be told first.`)], [["Resume", done]]);
  });
}

async function told(alive, name, channels) {
  const list = h("div", { class: "group" });
  const state = choice([["", "All"], ["acknowledged", "Acknowledged"], ["told", "On their way"], ["waiting", "Waiting"], ["rejected", "Rejected"]], "", { name: "state" });
  const channel = choice(channels.map((c) => c.channel), name, { name: "channel" });
  const draw = async () => {
    const found = await ask(`/api/deliveries?channel=${part(channel.value)}&state=${state.value}`);
    if (!alive.yes) return;
    const rows = found.deliveries.map((d) => [d.kind === "customer" ? h("span", { class: "code" }, d.item) : h("a", { href: d.kind === "price" ? `#/prices/${part(channel.value)}/${part(keyOf(d))}` : `#/items/${part(d.item)}` }, d.item), d.price_class ? `price, ${d.price_class}` : plain(d.kind), tag(...TOLD[d.state]), String(d.version), d.acknowledged_version ? String(d.acknowledged_version) : "", instant(d.decided_at), instant(d.acknowledged_at), d.reason ?? ""]);
    const caption = `${found.more ? `The first ${count(rows.length)}` : many(rows.length, "delivery", "deliveries")} of ${channel.value}`;
    list.replaceChildren(table(caption, ["Item", "Of", "State", { name: "Told version", number: true }, { name: "Acknowledged", number: true }, "Told at", "Acknowledged at", { name: "Reason", wrap: true }], rows, "Nothing is like that."));
  };
  const form = h("form", { class: "fields", role: "search", "aria-label": "Which deliveries" }, field("Channel", channel), field("State", state));
  form.addEventListener("change", () => draw());
  form.addEventListener("submit", (event) => event.preventDefault());
  await draw();
  return h("section", { class: "card", "aria-labelledby": "told-title" }, h("h2", { id: "told-title" }, "What was told"), form, list);
}

const keyOf = (d) => (d.price_class && d.price_class !== "list" ? `${d.item}@${d.price_class}` : d.item);
