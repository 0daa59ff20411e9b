// Views that refresh themselves: every few seconds, not while nobody looks, and not once the operator says stop.

import { words } from "./api.js";
import { button, h } from "./dom.js";
import { time } from "./format.js";

/**
 * Calls `look` now and every `seconds`, as long as the view is `alive`. Gives back what to show for it: the time of the
 * last look, and a button that stops and goes on. A look that fails is said there, and tried again.
 */
export async function live(alive, seconds, look) {
  let stopped = false;
  let timer = 0;
  const at = h("span", { class: "calm small" });
  const toggle = button("Stop refreshing", () => {
    stopped = !stopped;
    toggle.textContent = stopped ? "Go on refreshing" : "Stop refreshing";
    if (!stopped) turn();
  }, "quiet");
  const once = async () => {
    const now = await look();
    at.textContent = `as of ${time(now)}`;
  };
  const turn = async () => {
    clearTimeout(timer);
    if (!alive.yes || stopped) return;
    if (!document.hidden) {
      try {
        await once();
      } catch (error) {
        at.textContent = `not refreshed: ${words(error)}`;
      }
    }
    timer = setTimeout(turn, seconds * 1000);
  };
  await once();
  timer = setTimeout(turn, seconds * 1000);
  return h("div", { class: "row" }, at, toggle);
}
