/** The state of the connection, in the page's head and in its own panel, and the button that drops it. */

import { countDown } from "./notices.js";

const LABELS = { connecting: "Connecting", live: "Live", recovering: "Recovering", offline: "Offline" };

export class Connection {
  #dropped = false;
  #recovered = 0; // events that this connection has brought of those that were missed
  #sentence = document.querySelector("#connection .sentence");
  #pill = document.querySelector("#state");
  #button = document.querySelector("#drop");

  constructor(socket) {
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
      for (const result of [subscribe, ...Object.values(connect?.subs ?? {})]) {
        this.#recovered += result?.publications?.length ?? 0;
      }
    }
  }

  #show({ state, code, reason, retryIn }) {
    document.documentElement.dataset.state = state;
    this.#pill.textContent = LABELS[state];
    this.#button.textContent = "Drop the connection";
    if (state === "offline") return this.#offline(code, reason, retryIn);
    if (state !== "live") this.#recovered = 0;
    this.#sentence.textContent = {
      connecting: "Opening a WebSocket to this server.",
      recovering: "Back: asking each channel for what came after the last offset we know.",
      live: this.#live(),
    }[state];
  }

  #live() {
    if (!this.#recovered) return "Every rating arrives here a blink after it is stored.";
    if (this.#recovered === 1) return "The event that was missed has arrived.";
    return `The ${this.#recovered} events that were missed have arrived, in order.`;
  }

  #offline(code, reason, retryIn) {
    this.#button.textContent = this.#dropped ? "Reconnect" : "Try now";
    if (this.#dropped) {
      this.#sentence.textContent = "You dropped it. Rate something in another window, then reconnect.";
    } else if (retryIn === undefined) {
      this.#sentence.textContent = `The server ended it: ${reason || "it gave no reason"} (${code}).`;
    } else {
      const why = reason ? ` (${reason})` : "";
      countDown(this.#sentence, `The connection was lost${why}. Reconnecting in`, retryIn / 1000);
    }
  }
}
