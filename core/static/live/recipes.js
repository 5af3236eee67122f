/** The recipes on the page: they come along with it, are read once over REST, then kept up to date by the socket. */

import { RecipeCard } from "./card.js";
import { streamPosition } from "./simmer-rest.js";

const MOST = 80; // cards, as a socket may follow 100 channels

/** The reader has changed while an answer was on its way. */
class Superseded extends Error {}

export class Recipes {
  #rest;
  #socket;
  #list;
  #cards = new Map(); // id -> RecipeCard
  #reload;
  #next = null;
  #following = false;
  #answers = []; // promises of the server's answers to our subscriptions, of what was not read since
  #ratings = new WeakMap(); // card -> promise that its last rating is done
  #tell;

  /**
   * `onNews({actor, text, at, recovered})` hears of all that happens; `onProblem(problem, {retry})` of what fails, and
   * `onRefused(name, problem, retry)` of reads that the server takes again in `problem.retryAfter` seconds. `onShown()`:
   * cards may be looked at; `onLoaded()`: they are what the reader may see now.
   */
  constructor({ rest, socket, list, onNews, onProblem, onRefused, onShown, onLoaded }) {
    this.#rest = rest;
    this.#socket = socket;
    this.#list = list;
    this.#tell = { onNews, onProblem, onRefused, onShown, onLoaded };
  }

  /**
   * Show what came along with the page, and follow it; `load()` then reads what has happened since. It is what anonymous
   * readers see: somebody signed in may have blocked or muted its sellers, and sees it after that read.
   */
  show({ results, position }) {
    for (const recipe of results) this.#answers.push(this.#add(recipe).answer);
    this.#follow(streamPosition(position));
    if (!this.#rest.user) this.#tell.onShown();
  }

  /** Read what is there; called again when the reader is somebody else. */
  load() {
    return this.#read(`/api/recipes/?limit=${Math.max(20, this.#cards.size)}`, { isFirst: true });
  }

  /** The next page. */
  loadMore() {
    const { pathname, search } = new URL(this.#next, location.href);
    return this.#read(pathname + search);
  }

  get hasMore() {
    return this.#next !== null && this.#cards.size < MOST;
  }

  get size() {
    return this.#cards.size;
  }

  /** Bring one recipe into view; one that is not among those shown is read first. */
  async find(id) {
    try {
      if (!this.#cards.has(id)) {
        const { data, headers } = await this.#rest.get(`/api/recipes/${id}/`);
        if (!this.#cards.has(id)) this.#add(data, streamPosition(headers.get("Stream-Position")));
      }
      const card = this.#cards.get(id);
      card.element.scrollIntoView({ block: "center" });
      card.flash();
    } catch (problem) {
      this.#failed(`recipe ${id}`, problem, () => this.find(id));
    }
  }

  /** Nobody's ratings are shown to nobody. */
  setReader(user) {
    for (const card of this.#cards.values()) {
      card.setRater(user?.role === "customer");
      if (!user) card.update({ my_rating: null });
    }
  }

  /**
   * A list says the position of `recipes`, so we go on from there and miss no new recipe. It says none for each recipe
   * in it: those are subscribed to first, and read after the server has answered. Whatever happened before that read is
   * in it, and whatever happens later is heard. So what came along with the page takes one read; cards that a read has
   * added take another, which is answered 304 most times, as nothing has changed.
   */
  async #read(path, page = {}) {
    try {
      await this.#subscribed();
      this.#follow(await this.#fetch(path, page));
      if (!this.#answers.length) return;
      await this.#subscribed();
      await this.#fetch(path, page);
    } catch (problem) {
      if (!(problem instanceof Superseded)) this.#failed(path, problem, () => this.#read(path, page));
    }
  }

  async #fetch(path, { isFirst = false }) {
    const asked = performance.now();
    const reader = this.#rest.user?.id;
    const { data, headers } = await this.#rest.get(path);
    if (this.#rest.user?.id !== reader) throw new Superseded();
    for (const recipe of data.results) {
      const card = this.#cards.get(recipe.id);
      if (!card) this.#answers.push(this.#add(recipe).answer);
      // What the socket has said since we asked is newer than this answer.
      else if (card.heard < asked) card.update(recipe);
      else card.update({ my_rating: recipe.my_rating });
    }
    if (isFirst && reader) this.#removeOthers(data, asked);
    this.#next = data.next;
    this.#tell.onShown();
    this.#tell.onLoaded();
    return streamPosition(headers.get("Stream-Position"));
  }

  /** Remove what came along with the page and is not for this user, who has blocked or muted the seller or is blocked. */
  #removeOthers({ results, next }, asked) {
    const oldest = next === null ? 0 : results.at(-1).id;
    const ids = new Set(results.map(({ id }) => id));
    for (const card of [...this.#cards.values()]) {
      if (card.id >= oldest && !ids.has(card.id) && card.heard < asked) this.#remove(card);
    }
  }

  /** Hear of new recipes from that position on. */
  #follow(since) {
    if (this.#following) return;
    this.#following = true;
    this.#socket.subscribe("recipes", {
      since,
      onEvent: (data, where) => data.type === "recipe.published" && this.#published(data, where),
      onReset: () => this.#lost(),
    });
  }

  /**
   * Wait for the answers to our subscriptions. Without a connection there are none: then go on at once, and read again
   * when they have come.
   */
  async #subscribed() {
    const answers = Promise.all(this.#answers.splice(0)).then(() => true);
    if (!(await Promise.race([answers, this.#disconnected()]))) answers.then(() => this.#lost());
  }

  async #disconnected() {
    while (this.#socket.state !== "offline") {
      await new Promise((change) => this.#socket.addEventListener("state", change, { once: true }));
    }
    return false;
  }

  #failed(name, problem, retry) {
    if (this.#cards.size) this.#tell.onShown();
    if (problem.retryAfter) this.#tell.onRefused(name, problem, retry);
    else this.#tell.onProblem(problem, { retry });
  }

  /** Channels that have lost their place say so one by one; one read answers them all. */
  #lost() {
    clearTimeout(this.#reload);
    this.#reload = setTimeout(() => this.load(), 200);
  }

  #published(data, { epoch, recovered }) {
    const { recipe_id: id, name, image, tags, actor, at } = data;
    // One without a name is by somebody whom the reader has blocked or muted.
    if (this.#cards.has(id) || name == null) return;
    // All there is to know of a recipe that nobody has rated; its own channel begins with offset 1.
    const unseen = { avg_rating: null, rating_count: 0, my_rating: null, like_count: 0, comment_count: 0 };
    const recipe = { id, name, image, tags, seller: actor, ...unseen };
    const others = [...this.#list.children].map((element) => [element, element.getBoundingClientRect()]);
    const { card } = this.#add(recipe, { epoch, offset: 0 });
    card.heard = performance.now();
    this.#describe(card, data);
    makeRoom(others);
    card.enter();
    card.flash({ recovered });
    this.#tell.onNews({ actor, text: `published ${name}`, at, recovered });
    while (this.#cards.size > MOST) this.#remove([...this.#cards.values()].reduce((a, b) => (a.id < b.id ? a : b)));
  }

  #add(recipe, since) {
    const card = new RecipeCard(recipe, { onRate: (score) => this.#rate(card, score) });
    card.setRater(this.#rest.user?.role === "customer");
    this.#cards.set(card.id, card);
    // Newest first, as the API lists them.
    const older = [...this.#list.children].find((element) => Number(element.dataset.recipe) < card.id);
    this.#list.insertBefore(card.element, older ?? null);
    const answer = this.#socket.subscribe(`recipe:${card.id}`, {
      since,
      onEvent: (data, where) => this.#happened(card, data, where),
      onReset: () => this.#lost(),
      onEnd: () => this.#remove(card),
    });
    return { card, answer };
  }

  #happened(card, data, { recovered }) {
    card.heard = performance.now();
    const { name } = card.recipe;
    const news = (text) => this.#tell.onNews({ actor: data.actor, text, at: data.at, recovered });
    if (data.type.startsWith("rating.")) {
      // The values are absolute: whatever was missed or heard twice, the last event is right.
      card.update({ avg_rating: data.avg_rating, rating_count: data.rating_count });
      // Of somebody whom the reader has blocked or muted, the numbers alone are heard.
      if (data.score == null) return card.flash({ recovered });
      const mine = data.type === "rating.deleted" ? null : data.score;
      if (data.actor && data.actor.id === this.#rest.user?.id) card.update({ my_rating: mine });
      const stars = `${data.score} ${data.score === 1 ? "star" : "stars"}`;
      if (data.type === "rating.created") news(`gave ${name} ${stars}`);
      else if (data.type === "rating.updated") news(`now gives ${name} ${stars}`);
      else news(`took back the rating of ${name}`);
    } else if (data.type.startsWith("like.")) {
      if (data.comment_id == null) card.update({ like_count: data.like_count });
      if (data.actor && data.type === "like.created") news(data.comment_id ? `likes a comment on ${name}` : `likes ${name}`);
    } else if (data.type.startsWith("comment.")) {
      card.update({ comment_count: data.comment_count });
      if (data.actor && data.type === "comment.created") news(`on ${name}: “${excerpt(data.comment.text)}”`);
    } else if (data.type === "recipe.updated") {
      if (data.name == null) return;
      card.update({ name: data.name, image: data.image, tags: data.tags });
      this.#describe(card, data);
      if (data.actor) news(`changed ${data.name}`);
    } else if (data.type === "recipe.deleted") {
      news(`removed ${name}`);
      return this.#remove(card);
    } else return;
    card.flash({ recovered });
  }

  /** An event tells everyone the description, but that of a locked recipe, which premium users have to read. */
  async #describe(card, { description, locked }) {
    card.update({ description });
    if (!locked || !mayReadLocked(this.#rest.user, card.recipe.seller)) return;
    try {
      const { data } = await this.#rest.get(`/api/recipes/${card.id}/`);
      card.update({ description: data.description });
    } catch (problem) {
      this.#failed(`recipe ${card.id}`, problem, () => this.#describe(card, { description, locked }));
    }
  }

  /** One rating of a card after the other, in the order of the clicks: the last one is what stays. */
  #rate(card, score) {
    const before = this.#ratings.get(card) ?? Promise.resolve();
    this.#ratings.set(card, before.then(() => this.#sendRating(card, score)));
  }

  /**
   * Our own stars follow the answer, the average the event: everybody's page takes it from the same place. No key is
   * needed, as the same rating again changes nothing.
   */
  async #sendRating(card, score) {
    if (score === (card.recipe.my_rating ?? null)) return;
    card.setBusy(true);
    try {
      const path = `/api/recipes/${card.id}/rate/`;
      if (score === null) await this.#rest.request("DELETE", path);
      else await this.#rest.request("POST", path, { score });
      card.update({ my_rating: score });
    } catch (problem) {
      this.#tell.onProblem(problem, {});
    } finally {
      card.setBusy(false);
    }
  }

  #remove(card) {
    if (!this.#cards.delete(card.id)) return;
    this.#socket.unsubscribe(`recipe:${card.id}`);
    card.leave();
  }
}

/** Whether this user reads the descriptions of that seller's premium recipes. */
function mayReadLocked(user, seller) {
  return Boolean(user) && (user.id === seller?.id || user.is_moderator || Date.parse(user.premium_until) > Date.now());
}

/** As much of a comment as a line of news has room for. */
function excerpt(text) {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Let the cards that a new one has moved glide to their places. */
function makeRoom(others) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [element, before] of others) {
    const after = element.getBoundingClientRect();
    const [x, y] = [before.left - after.left, before.top - after.top];
    if (x || y) element.animate([{ transform: `translate(${x}px, ${y}px)` }, {}], { duration: 500, easing: "ease-out" });
  }
}
