/** Who is signed in, the form to sign in, and for sellers the form to publish a recipe. */

import { countDown, waitSentence } from "./notices.js";

export class Account {
  #rest;
  #onProblem;
  #dialog = document.querySelector("#sign-in");
  #publishPanel = document.querySelector("#publish");

  constructor({ rest, onProblem }) {
    this.#rest = rest;
    this.#onProblem = onProblem;
    const form = this.#dialog.querySelector("form");
    document.querySelector("#open-sign-in").addEventListener("click", () => this.open());
    this.#dialog.querySelector(".close").addEventListener("click", () => this.#dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { username, password } = form.elements;
      this.#signIn(form, username.value, password.value);
    });
    for (const button of document.querySelectorAll("[data-demo]")) {
      const { username, password } = button.dataset;
      button.addEventListener("click", () => this.#signIn(button, username, password));
    }
    document.querySelector("#sign-out").addEventListener("click", () => rest.signOut().catch(onProblem));
    this.#publishPanel.querySelector("form").addEventListener("submit", (event) => this.#publish(event));
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

  async #signIn(control, username, password) {
    control.setAttribute("aria-busy", true);
    try {
      await this.#rest.signIn(username, password);
      this.#dialog.close();
      this.#dialog.querySelector("form").reset();
      document.querySelector("#sign-out").focus();
    } catch (problem) {
      if (this.#dialog.open) this.#complain(problem);
      else this.#onProblem(problem);
    } finally {
      control.removeAttribute("aria-busy");
    }
  }

  #complain(problem) {
    const line = this.#dialog.querySelector("[role=alert]");
    if (problem.retryAfter) countDown(line, waitSentence(problem), problem.retryAfter, () => this.#complain(""));
    else line.textContent = problem ? problem.message : "";
  }

  async #publish(event) {
    event.preventDefault();
    const form = event.target;
    const body = new FormData(form);
    if (!body.get("image")?.size) body.delete("image");
    const button = form.querySelector("button");
    button.setAttribute("aria-busy", true);
    try {
      // The answer is not needed: the recipe comes to this page as to every other, on the channel `recipes`.
      await this.#rest.request("POST", "/api/recipes/", body);
      form.reset();
      this.#publishPanel.querySelector("details").open = false;
    } catch (problem) {
      this.#onProblem(problem);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
