/** The state of the connection, in the page's head and in its own panel, and the button that drops it. */

const LABELS = { connecting: "Connecting", live: "Live", recovering: "Recovering", offline: "Offline" };

export class Connection {
  #socket;
  #dropped = false;
  #countdown;
  #recovered = 0;
  #panel = document.querySelector("#connection");
  #pill = document.querySelector("#state");
  #button = document.querySelector("#drop");

  constructor({ socket }) {
    this.#socket = socket;
    socket.addEventListener("state", ({ detail }) => this.#show(detail));
    socket.addEventListener("frame", ({ detail }) => this.#count(detail));
    this.#button.addEventListener("click", () => {
      this.#dropped = socket.state !== "offline";
      if (this.#dropped) socket.disconnect();
      else socket.connect();
    });
  }

  #count({ messages }) {
    for (const { subscribe, connect } of messages) {
      for (const { publications = [] } of [subscribe, ...Object.values(connect?.subs ?? {})].filter(Boolean)) {
        this.#recovered += publications.length;
      }
    }
  }

  #show({ state, code, reason, retryIn }) {
    clearInterval(this.#countdown);
    document.documentElement.dataset.state = state;
    this.#pill.textContent = LABELS[state];
    this.#button.textContent = { offline: this.#dropped ? "Reconnect" : "Try now" }[state] ?? "Drop the connection";
    if (state === "connecting" || state === "recovering") this.#recovered = 0;
    if (state === "connecting") this.#say("Opening a WebSocket to this server.");
    if (state === "recovering") this.#say("Back: asking each channel for what came after the last offset we know.");
    if (state === "live") this.#say(this.#welcome());
    if (state !== "offline") return;
    if (this.#dropped) {
      this.#say("You dropped it. Rate something in another window, then reconnect: nothing will be missing.");
    } else if (retryIn === undefined) {
      this.#say(`The server ended it for good: ${reason || "no reason given"} (${code}).`);
    } else {
      this.#countDown(Math.ceil(retryIn / 1000), reason);
    }
  }

  #welcome() {
    const events = this.#recovered === 1 ? "1 event that was missed has" : `${this.#recovered} events that were missed have`;
    return this.#recovered ? `${events} arrived, in order.` : "Every rating arrives here a blink after it is stored.";
  }

  #countDown(seconds, reason) {
    const why = reason ? ` (${reason})` : "";
    const tick = () => this.#say(`The connection was lost${why}. Coming back in ${Math.max(0, seconds--)} s.`);
    tick();
    this.#countdown = setInterval(tick, 1000);
  }

  #say(sentence) {
    this.#panel.querySelector(".sentence").textContent = sentence;
  }
}
