/** What people should know and what went wrong, as sentences at the edge of the page. */

const region = document.querySelector("#notices");
const SECONDS = 8;

/** Say TEXT for some seconds. `kind` is "error" or "good". */
export function notice(text, kind = "good") {
  const { item, say } = added(kind);
  say(text);
  setTimeout(() => item.remove(), SECONDS * 1000);
}

/**
 * A Problem, until it is dismissed or its time to wait is over, counting down; then `retry` is called. With `retry` and
 * no time given, a button offers it.
 */
export function complain(problem, { retry } = {}) {
  const { item, say } = added("error");
  let left = problem.retryAfter;
  if (!left) {
    say(problem.message);
    if (retry) item.append(button("Try again", () => (item.remove(), retry())));
    else setTimeout(() => item.remove(), SECONDS * 1000);
    return;
  }
  const tick = () => {
    if (!item.isConnected) return clearInterval(timer);
    if (left > 0) return say(`${problem.message} ${retry ? "Trying again" : "Try again"} in ${left--} s.`);
    clearInterval(timer);
    item.remove();
    retry?.();
  };
  const timer = setInterval(tick, 1000);
  tick();
}

function added(kind) {
  const item = document.createElement("div");
  const text = document.createElement("p");
  item.className = `notice ${kind}`;
  item.append(text, button("Dismiss", () => item.remove(), "dismiss"));
  region.append(item);
  return { item, say: (sentence) => (text.textContent = sentence) };
}

function button(label, onClick, className = "") {
  const element = document.createElement("button");
  element.type = "button";
  element.className = className;
  element.textContent = className ? "×" : label;
  element.ariaLabel = label;
  element.addEventListener("click", onClick);
  return element;
}
