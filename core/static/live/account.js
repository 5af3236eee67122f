/** Who is signed in, the form to sign in, and for sellers the form to publish a recipe. */

import { countDown, waitSentence } from "./notices.js";
import { FormKey, Once } from "./once.js";

export class Account {
  #rest;
  #onProblem;
  #dialog = document.querySelector("#sign-in");
  #publishPanel = document.querySelector("#publish");
  #signingIn = new Once();
  #publishing = new Once();
  #publishKey = new FormKey(this.#publishPanel.querySelector("form"));

  constructor({ rest, onProblem }) {
    this.#rest = rest;
    this.#onProblem = onProblem;
    const form = this.#dialog.querySelector("form");
    document.querySelector("#open-sign-in").addEventListener("click", () => this.open());
    this.#dialog.querySelector(".close").addEventListener("click", () => this.#dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { username, password } = form.elements;
      this.#signIn(form.querySelector("[type=submit]"), username.value, password.value);
    });
    for (const button of document.querySelectorAll("[data-demo]")) {
      const { username, password } = button.dataset;
      button.addEventListener("click", () => this.#signIn(button, username, password));
    }
    document.querySelector("#sign-out").addEventListener("click", () => rest.signOut().catch(onProblem));
    this.#publishPanel.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#publish();
    });
    rest.addEventListener("user", () => this.show());
    this.show();
  }

  open() {
    this.#complain("");
    this.#dialog.showModal();
  }

  show() {
    const { user } = this.#rest;
    for (const element of document.querySelectorAll("[data-for]")) {
      const kinds = element.dataset.for.split(" ");
      element.hidden = !kinds.includes(user ? user.role : "nobody") && !(user && kinds.includes("anybody"));
    }
    for (const element of document.querySelectorAll(".my-name")) element.textContent = user?.display_name ?? "";
  }

  #signIn(button, username, password) {
    return this.#signingIn.run(button, async () => {
      try {
        await this.#rest.signIn(username, password);
        this.#dialog.close();
        this.#dialog.querySelector("form").reset();
        document.querySelector("#sign-out").focus();
      } catch (problem) {
        if (this.#dialog.open) this.#complain(problem);
        else this.#onProblem(problem);
      }
    });
  }

  #complain(problem) {
    const line = this.#dialog.querySelector("[role=alert]");
    if (problem.retryAfter) countDown(line, waitSentence(problem), problem.retryAfter, () => this.#complain(""));
    else line.textContent = problem ? problem.message : "";
  }

  #publish() {
    const form = this.#publishPanel.querySelector("form");
    return this.#publishing.run(form.querySelector("button"), async () => {
      const body = new FormData(form);
      if (!body.get("image")?.size) body.delete("image");
      try {
        // The answer is not needed: the recipe comes to this page as to every other, on the channel `recipes`.
        await this.#rest.request("POST", "/api/recipes/", body, { key: this.#publishKey.value });
        form.reset();
        this.#publishPanel.querySelector("details").open = false;
        this.#publishPanel.querySelector("summary").focus();
      } catch (problem) {
        // Published or not, only the server knows: the same key again is safe.
        const isUnknown = problem.status === 0 || problem.status >= 500 || problem.code === "in_flight";
        this.#onProblem(problem, isUnknown ? { retry: () => this.#publish() } : {});
      }
    });
  }
}
