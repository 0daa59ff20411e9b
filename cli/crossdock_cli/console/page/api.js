// Talking to the console's server, and saying how it went.

/** What is wrong and what to do about it, as the server says it. */
export class Problem extends Error {
  constructor(message, remedy = "", status = 0) {
    super(message);
    this.remedy = remedy;
    this.status = status;
  }
}

export const ask = (path) => call(path, {});

/** A command, or a question that is kept with its reason. */
export function tell(path, given = {}) {
  const headers = { "Content-Type": "application/json", "X-Crossdock-Console": "1" };
  return call(path, { method: "POST", headers, body: JSON.stringify(given) });
}

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new Problem("the console's server does not answer", "is `crossdock console` still running?");
  }
  const document = await answer.json();
  if (!answer.ok) throw new Problem(document.problem, document.remedy, answer.status);
  return document;
}

/** Says what came of something: heard by screen readers, and seen for a while. */
export function say(text) {
  announce("said", text, 6000);
  announce("failed", "");
}

/** Says what went wrong; it stays until the next outcome. */
export function fail(problem) {
  announce("said", "");
  announce("failed", words(problem), 15000);
}

export const words = (problem) => (problem.remedy ? `${problem.message}: ${problem.remedy}` : problem.message);

const timers = {};

function announce(id, text, stays = 0) {
  clearTimeout(timers[id]);
  document.getElementById(id).textContent = text;
  if (stays) timers[id] = setTimeout(() => announce(id, ""), stays);
}
