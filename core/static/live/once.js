/** Writes that are meant once: a double click or a second Enter does nothing, and a lost answer is asked for again. */

/** One write at a time. */
export class Once {
  #running = false;

  /** Run `action`, with `button` disabled until it ends. Does nothing while an earlier one runs. */
  async run(button, action) {
    if (this.#running) return;
    this.#running = true;
    button.disabled = true;
    button.setAttribute("aria-busy", true);
    try {
      await action();
    } finally {
      this.#running = false;
      button.disabled = false;
      button.removeAttribute("aria-busy");
      // A disabled button loses the focus.
      if (document.activeElement === document.body) button.focus();
    }
  }
}

/**
 * The `Idempotency-Key` of what a form holds: the same one until its fields change or it is sent. So a request whose
 * answer was lost is sent again under its key, and the server does it once; what has been edited since is another thing.
 */
export class FormKey {
  #key = null;

  constructor(form) {
    for (const type of ["input", "reset"]) form.addEventListener(type, () => (this.#key = null));
  }

  get value() {
    // randomUUID() exists on https and localhost alone.
    this.#key ??= [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return this.#key;
  }
}
