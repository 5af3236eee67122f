/** One recipe on the page: what a card shows, how it changes, and how its reader rates. */

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const template = document.querySelector("#recipe-card");
const hundredths = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export class RecipeCard {
  /** `onRate(score)` is called with 1 to 5, or with null to take the rating back. */
  constructor(recipe, { onRate }) {
    this.id = recipe.id;
    this.recipe = {};
    /** When the socket last said something about it, as `performance.now()` has it. */
    this.heard = 0;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.recipe = recipe.id;
    this.element.style.setProperty("--hue", (recipe.id * 47) % 360);
    this.#rating(onRate);
    this.update(recipe);
  }

  /** Show what is in `changes`; what is not stays. */
  update(changes) {
    const recipe = Object.assign(this.recipe, changes);
    const { avg_rating: average, rating_count: count } = recipe;
    this.#text(".name", recipe.name);
    this.#text(".seller", recipe.seller ? `by ${recipe.seller.display_name}` : "");
    this.#text(".description", recipe.description ?? "");
    this.#text(".initial", recipe.name.trim().charAt(0).toUpperCase());
    this.#text(".average", average == null ? "-" : hundredths.format(average));
    this.#text(".count", count === 1 ? "1 rating" : count ? `${count} ratings` : "no ratings yet");
    const { like_count: likes = 0, comment_count: comments = 0 } = recipe;
    this.#text(".likes", likes === 1 ? "1 like" : `${likes} likes`);
    this.#text(".comments", comments === 1 ? "1 comment" : `${comments} comments`);
    const stars = this.#find(".stars");
    stars.style.setProperty("--stars", average ?? 0);
    stars.setAttribute("aria-label", average == null ? "Not rated yet" : `${hundredths.format(average)} of 5 stars`);
    this.#picture(recipe.image);
    this.#showMine(recipe.my_rating);
  }

  /** Whether the reader may rate: a customer who is signed in. */
  setRater(rater) {
    this.#find(".mine").hidden = !rater;
  }

  setBusy(busy) {
    this.#find(".mine").setAttribute("aria-busy", busy);
  }

  /** Draw the eye to what has just changed. */
  flash({ recovered = false } = {}) {
    if (calm.matches) return;
    const glow = getComputedStyle(this.element).getPropertyValue(recovered ? "--recovered" : "--live");
    this.element.animate([{ boxShadow: `0 0 0 3px ${glow}` }, { boxShadow: "0 0 0 14px transparent" }], 1400);
    const rise = [{ transform: "translateY(0.5em)", opacity: 0 }, { transform: "none", opacity: 1 }];
    for (const name of [".average", ".count", ".talk"]) {
      this.#find(name).animate(rise, { duration: 450, easing: "cubic-bezier(.2,1.6,.4,1)" });
    }
  }

  enter() {
    const from = { transform: "translateY(-1.5rem) scale(.94)", opacity: 0 };
    if (!calm.matches) this.element.animate([from, {}], { duration: 600, easing: "cubic-bezier(.2,1.2,.3,1)" });
  }

  async leave() {
    const gone = { transform: "scale(.9)", opacity: 0 };
    // What the reader has not seen yet goes at once: the list may be shown before an animation ends.
    const isSeen = getComputedStyle(this.element).visibility === "visible";
    if (isSeen && !calm.matches) await this.element.animate([{}, gone], 300).finished;
    this.element.remove();
  }

  #picture(image) {
    const picture = this.#find("img");
    const { small, large } = image?.renditions ?? {};
    const url = large?.url ?? image?.url ?? "";
    if (image?.placeholder) this.#find(".picture").style.backgroundColor = averageColour(image.placeholder);
    this.element.classList.toggle("cooking", image?.status === "pending" || image?.status === "processing");
    if (picture.getAttribute("src") === url || !url) return;
    picture.onload = () => picture.classList.add("loaded");
    picture.srcset = small && large ? `${small.webp} ${small.width}w, ${large.webp} ${large.width}w` : "";
    picture.src = url;
  }

  /**
   * Five stars that are one stop of the Tab key: arrows move between them, Enter or Space rates, so do the digits 1 to
   * 5, and Delete takes the rating back.
   */
  #rating(onRate) {
    const group = this.#find(".rate");
    const stars = [...group.children];
    group.addEventListener("click", ({ target }) => {
      const score = stars.indexOf(target.closest("button")) + 1;
      if (score) onRate(score);
    });
    group.addEventListener("keydown", (event) => {
      const here = stars.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (step) this.#focus(stars, (here + step + stars.length) % stars.length);
      else if (/^[1-5]$/.test(event.key)) onRate(Number(event.key));
      else if (event.key === "Delete" || event.key === "Backspace") onRate(null);
      else return;
      event.preventDefault();
    });
    this.#find(".unrate").addEventListener("click", () => onRate(null));
  }

  #focus(stars, index) {
    stars.forEach((star, each) => (star.tabIndex = each === index ? 0 : -1));
    stars[index].focus();
  }

  #showMine(score) {
    const group = this.#find(".rate");
    group.dataset.score = score ?? 0;
    group.setAttribute("aria-label", `Your rating of ${this.recipe.name}`);
    [...group.children].forEach((star, index) => {
      star.setAttribute("aria-checked", index + 1 === score);
      star.tabIndex = index + 1 === (score ?? 1) ? 0 : -1;
    });
    const unrate = this.#find(".unrate");
    if (score == null && document.activeElement === unrate) this.#focus([...group.children], 0);
    unrate.classList.toggle("none", score == null);
    this.#text(".mine-label", score == null ? "Rate it" : "Your rating");
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #text(selector, text) {
    const element = this.#find(selector);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** The average colour in a thumbhash (https://evanw.github.io/thumbhash/), for the moment before the picture is here. */
function averageColour(placeholder) {
  const [a, b, c] = Uint8Array.from(atob(placeholder), (character) => character.charCodeAt(0));
  const header = a | (b << 8) | (c << 16);
  const light = (header & 63) / 63;
  const p = ((header >> 6) & 63) / 31.5 - 1;
  const q = ((header >> 12) & 63) / 31.5 - 1;
  const blue = light - (2 / 3) * p;
  const red = (3 * light - blue + q) / 2;
  return `rgb(${[red, red - q, blue].map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255)).join(" ")})`;
}
