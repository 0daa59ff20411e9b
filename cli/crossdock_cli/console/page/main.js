// The page: which view an address is, and what stays while views come and go.

import { ask, fail, words } from "./api.js";
import { h, tag } from "./dom.js";
import * as customers from "./views/customers.js";
import * as deliveries from "./views/deliveries.js";
import * as exception from "./views/exception.js";
import * as exceptions from "./views/exceptions.js";
import * as items from "./views/items.js";
import * as overview from "./views/overview.js";
import * as prices from "./views/prices.js";
import * as runs from "./views/runs.js";

const VIEWS = [
  [/^overview$/, overview],
  [/^exceptions$/, exceptions],
  [/^exceptions\/([0-9a-f]{12})$/, exception],
  [/^items(?:\/([^/]+))?$/, items],
  [/^prices(?:\/([^/]+)\/([^/]+))?$/, prices],
  [/^customers$/, customers],
  [/^deliveries(?:\/([^/]+))?$/, deliveries],
  [/^runs(?:\/([0-9a-f]{12}))?$/, runs],
];

const main = document.getElementById("main");
let leave = null;
let first = true;

/** Shows the view of the address. A view is `show(main, ...parts of the address)`, and gives back how to end it. */
async function route() {
  const path = location.hash.replace(/^#\/?/, "") || "overview";
  const [view, found] = VIEWS.map(([pattern, v]) => [v, pattern.exec(path)]).find(([, m]) => m) ?? [overview, []];
  leave?.();
  leave = null;
  mark(path.split("/")[0]);
  const stage = h("div", { class: "form" });
  main.replaceChildren(stage);
  main.setAttribute("aria-busy", "true");
  delete main.dataset.view;
  const alive = { yes: true };
  leave = () => (alive.yes = false);
  try {
    await view.show(stage, alive, ...found.slice(1).map((p) => p && decodeURIComponent(p)));
  } catch (error) {
    if (alive.yes) stage.replaceChildren(h("h1", {}, "This cannot be shown"), h("p", { class: "note note-bad" }, words(error)));
  }
  if (!alive.yes) return;
  main.removeAttribute("aria-busy");
  main.dataset.view = path; // all of it is there now
  const title = stage.querySelector("h1")?.textContent;
  document.title = `${title ? `${title} · ` : ""}crossdock console`;
  // The first view comes with the page, whose beginning is where reading starts; a later one begins at its heading.
  if (!first) main.focus({ preventScroll: true });
  if (!first) scrollTo(0, 0);
  first = false;
}

function mark(name) {
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function begin() {
  try {
    const { stage, by, local } = await ask("/api/stage");
    document.getElementById("who").replaceChildren(`${by} at `, tag(local ? "none" : stage === "prod" ? "warn" : "none", `stage ${stage}`));
  } catch (error) {
    main.replaceChildren(h("h1", {}, "Not let in"), h("p", { class: "note note-bad" }, words(error)));
    return;
  }
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address says which view it is, and no place within one
    main.focus();
  });
  addEventListener("hashchange", route);
  await route();
}

addEventListener("unhandledrejection", (event) => fail(event.reason));
begin();
