/**
 * A small client of Simmer's REST API: who is signed in, and requests that renew their token when it has expired.
 *
 * Where the tokens are kept: in `sessionStorage`, which is this tab's alone. The refresh token works once and is
 * exchanged for a new one each time; one that comes back a second time ends the whole session, as it may be a thief's.
 * Two tabs that share one (in `localStorage`) would do just that to each other; so each tab signs in for itself, stays
 * signed in when it is reloaded, and forgets when it is closed. The access token lies beside it so that a reload need
 * not renew it: whoever can read one can read the other. A script from elsewhere can read neither, as the page's
 * Content-Security-Policy lets none run.
 */

const KEY = "simmer-session";

/** An answer that says no, as a sentence for people: RFC 9457 problem+json, or what we know when there is none. */
export class Problem extends Error {
  /** `status` is 0 when there was no answer; `retryAfter` is in seconds, or undefined. */
  constructor(status, body, retryAfter) {
    const fields = Object.entries(body.errors ?? {}).map(([field, messages]) => {
      const name = field === "non_field_errors" ? "" : `${field.replaceAll("_", " ")}: `;
      return name.charAt(0).toUpperCase() + name.slice(1) + messages.join(" ");
    });
    super(fields.length ? fields.join(" ") : body.detail);
    this.status = status;
    this.code = body.code;
    this.retryAfter = retryAfter;
  }
}

export class SimmerRest extends EventTarget {
  #session = JSON.parse(sessionStorage.getItem(KEY) ?? "null"); // {access, refresh, user}
  #refreshing = null;

  /** Who is signed in, or null. The event "user" says when that changes. */
  get user() {
    return this.#session?.user ?? null;
  }

  /** `username` may be an e-mail address. */
  async signIn(username, password) {
    const { data } = await this.#fetch("POST", "/api/auth/token/", { body: { username, password } });
    this.#keep(data);
  }

  /** The tokens are dead at once, on the server too; here they are forgotten even when it does not answer. */
  async signOut() {
    const { refresh } = this.#session ?? {};
    this.#keep(null);
    if (refresh) await this.#fetch("POST", "/api/auth/logout/", { body: { refresh } });
  }

  /** Nobody is signed in any more: the server said so. */
  forget() {
    if (this.#session) this.#keep(null);
  }

  /** For the socket: the access token, renewed when it has `expired`; null for nobody. */
  async accessToken({ expired = false } = {}) {
    if (expired) await this.#refresh();
    return this.#session?.access ?? null;
  }

  get(path) {
    return this.request("GET", path);
  }

  /**
   * {status, data, headers} of a successful request; a Problem for any other. `body` is an object or FormData; `key` an
   * Idempotency-Key: whatever is sent again under the same one is done once.
   */
  async request(method, path, body, { key } = {}) {
    const access = this.#session?.access;
    try {
      return await this.#fetch(method, path, { body, access, key });
    } catch (problem) {
      if (problem.code === "token_expired") await this.#refresh();
      else if (problem.code === "token_invalid") this.forget();
      // The one error that trying again can mend, now with another token; and anybody may read.
      const again = problem.code === "token_expired" || (problem.code === "token_invalid" && method === "GET");
      if (!again) throw problem;
      return this.#fetch(method, path, { body, key, access: this.#session?.access });
    }
  }

  /** One exchange at a time, whoever asks: a second with the same refresh token would end the session. */
  #refresh() {
    const session = this.#session;
    if (!session) return null;
    const body = { refresh: session.refresh };
    this.#refreshing ??= (async () => {
      try {
        const { data } = await this.#fetch("POST", "/api/auth/token/refresh/", { body });
        if (this.#session === session) this.#keep(data); // else signed out meanwhile
      } catch (problem) {
        if (problem.status !== 401) throw problem;
        if (this.#session === session) this.forget();
      } finally {
        this.#refreshing = null;
      }
    })();
    return this.#refreshing;
  }

  async #fetch(method, path, { body, access, key }) {
    const headers = { Accept: "application/json" };
    if (access) headers.Authorization = `Bearer ${access}`;
    if (key) headers["Idempotency-Key"] = key;
    const form = body instanceof FormData;
    if (body && !form) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(path, { method, headers, body: form ? body : body && JSON.stringify(body) });
    } catch {
      throw new Problem(0, { detail: "The server cannot be reached right now.", code: "unreachable" });
    }
    const data = await response.json().catch(() => null);
    if (response.ok) return { status: response.status, data, headers: response.headers };
    const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
    throw new Problem(response.status, data ?? { detail: `The server answered ${response.status}.` }, retryAfter);
  }

  #keep(session) {
    const before = this.user?.id;
    this.#session = session;
    if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
    else sessionStorage.removeItem(KEY);
    if (this.user?.id !== before) this.dispatchEvent(new Event("user"));
  }
}

/** The value of `Stream-Position`, `recipes;x7;17`, as {channel, epoch, offset}: the events that the answer includes. */
export function streamPosition(value) {
  const [channel, epoch, offset] = (value ?? "").split(";");
  return { channel, epoch, offset: Number(offset) };
}
