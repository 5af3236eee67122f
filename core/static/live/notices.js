/** What people should know and what went wrong, as sentences at the edge of the page. */

const region = document.querySelector("#notices");
const SECONDS = 8;

/** Say TEXT for some seconds. `kind` is "error" or "good". */
export function notice(text, kind = "good") {
  const { item, line } = added(kind);
  line.textContent = text;
  setTimeout(() => item.remove(), SECONDS * 1000);
}

/**
 * Say what a Problem is. When it tells how long to wait, count that down, then call `retry`, if there is one; when it
 * doesn't, offer `retry` as a button.
 */
export function complain(problem, { retry } = {}) {
  const { item, line } = added("error");
  if (problem.retryAfter) {
    countDown(line, waitSentence(problem, retry ? "Retrying" : "Try again"), problem.retryAfter, () => {
      item.remove();
      retry?.();
    });
  } else {
    line.textContent = problem.message;
    if (retry) item.append(button("Try again", () => (item.remove(), retry())));
    else setTimeout(() => item.remove(), SECONDS * 1000);
  }
}

/**
 * A line that counts down to the next try of all reads that were refused for now ("Too many requests. Retrying in 34
 * seconds."), and then retries them. What the page shows meanwhile stays.
 */
export class Waiting {
  #line;
  #retries = new Map(); // what is read -> retry

  constructor(line) {
    this.#line = line;
  }

  /** Call `retry` when `problem` says so. A later problem of the same `name` takes the place of an earlier one. */
  add(name, problem, retry) {
    this.#retries.set(name, retry);
    this.#line.hidden = false;
    countDown(this.#line, waitSentence(problem, "Retrying"), problem.retryAfter, () => {
      const retries = [...this.#retries.values()];
      this.clear();
      for (const each of retries) each();
    });
  }

  /** Nothing is refused any more. */
  clear() {
    this.#retries.clear();
    this.#line.hidden = true;
    this.#line.replaceChildren();
  }
}

/**
 * SENTENCE and the seconds that are left, then `onEnd()`, unless ELEMENT has got another text or is gone by then. The
 * number is a timer of its own, so that a screen reader says the sentence once and not each second.
 */
export function countDown(element, sentence, seconds, onEnd = () => {}) {
  const timer = document.createElement("span");
  timer.role = "timer";
  element.replaceChildren(`${sentence} `, timer, ".");
  const end = performance.now() + seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    timer.textContent = left === 1 ? "1 second" : `${left} seconds`;
    if (left > 0 && timer.isConnected) return;
    clearInterval(ticking);
    if (timer.isConnected) onEnd();
  };
  const ticking = setInterval(tick, 250);
  tick();
}

/** What stands before the seconds to wait. The detail of a 429 names them too, but would not count down. */
export function waitSentence(problem, then = "Try again") {
  return `${problem.status === 429 ? "Too many requests." : problem.message} ${then} in`;
}

function added(kind) {
  const item = document.createElement("div");
  const line = document.createElement("p");
  item.className = `notice ${kind}`;
  item.append(line, button("Dismiss", () => item.remove(), "dismiss"));
  region.append(item);
  return { item, line };
}

function button(label, onClick, className = "small") {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = className === "dismiss" ? "×" : label;
  element.ariaLabel = label;
  element.addEventListener("click", onClick);
  return element;
}
