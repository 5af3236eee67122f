/** The panel that shows what goes over the socket, newest first. */

const MOST = 200;

export class Frames {
  #list;
  #count;
  #pause;
  #seen = 0;
  #skipped = 0;
  #paused = false;
  #channels = new Map(); // id of a command -> its channel, which the reply does not name

  constructor(panel) {
    this.#list = panel.querySelector("ol");
    this.#count = panel.querySelector(".frame-count");
    this.#pause = panel.querySelector(".pause");
    this.#pause.addEventListener("click", () => this.#toggle());
    panel.querySelector(".clear").addEventListener("click", () => {
      this.#list.replaceChildren();
      this.#say();
    });
  }

  add({ direction, messages }) {
    this.#seen += 1;
    const about = messages.map((message) => this.#channelOf(message));
    if (this.#paused) this.#skipped += 1;
    else {
      this.#list.prepend(entry(direction, messages.map(masked), about));
      if (this.#list.children.length > MOST) this.#list.lastElementChild.remove();
    }
    this.#say();
  }

  #channelOf({ id, push, subscribe, unsubscribe }) {
    const named = push?.channel ?? subscribe?.channel ?? unsubscribe?.channel;
    if (!id) return named;
    const known = this.#channels.get(id);
    if (named) this.#channels.set(id, named);
    else this.#channels.delete(id);
    return named ?? known;
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.#skipped = 0;
    this.#pause.textContent = this.#paused ? "Go on" : "Pause";
    this.#pause.setAttribute("aria-pressed", this.#paused);
    this.#say();
  }

  #say() {
    const paused = this.#paused ? `paused, ${this.#skipped} not shown` : "";
    this.#count.textContent = [`${this.#seen} so far`, paused].filter(Boolean).join(" · ");
  }
}

function entry(direction, messages, about) {
  const item = document.createElement("li");
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const arrow = document.createElement("span");
  const label = document.createElement("span");
  const time = document.createElement("time");
  item.className = direction;
  arrow.className = "arrow";
  arrow.textContent = direction === "in" ? "↓" : "↑";
  arrow.ariaLabel = direction === "in" ? "received" : "sent";
  arrow.role = "img";
  label.className = "label";
  label.textContent = described(direction, messages, about);
  time.textContent = new Date().toLocaleTimeString("en-GB");
  summary.append(arrow, label, time);
  details.append(summary);
  // The text is made when somebody looks: a recovery may bring thousands of events.
  details.addEventListener(
    "toggle",
    () => {
      const text = document.createElement("pre");
      text.tabIndex = 0;
      text.textContent = messages.map((message) => JSON.stringify(message, null, 2)).join("\n");
      details.append(text);
    },
    { once: true },
  );
  item.append(details);
  return item;
}

/** Tokens are nobody's business, and people make screenshots. */
function masked(message) {
  const [method, params] = Object.entries(message).find(([name]) => name === "connect" || name === "refresh") ?? [];
  return params?.token ? { ...message, [method]: { ...params, token: "(not shown)" } } : message;
}

function described(direction, messages, about) {
  const first = one(messages[0], about[0]) || (direction === "in" ? "ping" : "pong");
  return messages.length > 1 ? `${first}, and ${messages.length - 1} more` : first;
}

function one({ id, error, push, ...rest }, channel = "") {
  if (push?.pub) return `${push.pub.data?.type} on ${channel}, offset ${push.pub.offset}`;
  if (push) return `${Object.keys(push).find((name) => name !== "channel")} ${channel}`;
  if (error) return `error ${error.code} ${channel}: ${error.message}`;
  const [method] = Object.keys(rest);
  if (!method) return "";
  const { offset, recover, publications, recovered } = rest[method];
  const parts = [method, channel];
  if (recover) parts.push(`from offset ${offset}`);
  else if (recovered) parts.push(`at offset ${offset}, recovered ${publications?.length ?? 0}`);
  else if (offset !== undefined) parts.push(`at offset ${offset}`);
  return parts.filter(Boolean).join(" ");
}
