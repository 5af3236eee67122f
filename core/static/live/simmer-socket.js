/**
 * Simmer's socket, spoken from scratch: read it to write a client of your own, in any language.
 *
 * The protocol is the JSON form of the Centrifuge client protocol, version 2. So an application may as well take one of
 * its SDKs (npm `centrifuge`; Swift, Kotlin, Dart, Go and Python have theirs); nothing in here is Simmer's alone.
 *
 *     -> {"id":1,"connect":{"token":"..."}}            without a token: an anonymous reader of public channels
 *     <- {"id":1,"connect":{"client":"...","ping":25,"pong":true,"expires":true,"ttl":899,"subs":{...}}}
 *     -> {"id":2,"subscribe":{"channel":"recipe:42"}}
 *     <- {"id":2,"subscribe":{"recoverable":true,"epoch":"x7","offset":17}}
 *     <- {"push":{"channel":"recipe:42","pub":{"offset":18,"data":{"type":"rating.created",...}}}}
 *     <- {}                                            the server's ping
 *     -> {}                                            our pong
 *
 * A frame holds one or more such objects, one a line. A reply carries its command's `id`, a push has none.
 *
 * Every channel is a stream: its events are numbered 1, 2, 3, ... (`offset`) within an `epoch`. Whoever remembers both
 * is sent exactly what was missed when coming back, in order:
 *
 *     -> {"id":3,"subscribe":{"channel":"recipe:42","recover":true,"epoch":"x7","offset":18}}
 *     <- {"id":3,"subscribe":{"epoch":"x7","offset":20,"was_recovering":true,"recovered":true,
 *                             "publications":[{"offset":19,"data":{...}},{"offset":20,"data":{...}}]}}
 *
 * `"recovered":false`: more was missed than the server keeps; read the thing again over REST. REST answers say in
 * `Stream-Position` which events they include: read, subscribe from there, and nothing in between is missed either.
 */

const FIRST_DELAY = 500; // milliseconds until the first attempt to come back; doubled with each that fails
const LONGEST_DELAY = 20_000;
const PING_GRACE = 10; // seconds that a ping may be late before the connection counts as dead

export class SimmerSocket extends EventTarget {
  /** "connecting" for the first time, "live", "offline", or "recovering": coming back. */
  state = "offline";

  #url;
  #getToken;
  #socket = null;
  #turn = 0; // goes up with every connection and its end; what belongs to an earlier turn is ignored
  #wanted = false;
  #connected = false; // the server has answered `connect`
  #wasLive = false;
  #failures = 0;
  #tokenExpired = false;
  #pingSeconds;
  #timers = {}; // retry, ping, refresh
  #lastId = 0;
  #commands = new Map(); // id -> {onReply, onError}
  #outbox = []; // what leaves together in the next frame
  #subscriptions = new Map(); // channel -> {channel, epoch, offset, server, onEvent, ...}

  /**
   * `getToken({expired})` gives (a promise of) an access token, or null for an anonymous reader; `expired` says that the
   * last one was too old. Let it reject when there is no answer just now: we try again later.
   *
   * Events: "state" with detail {state, code, reason, retryIn}; "frame" with {direction, messages}, for those who like
   * to watch; "event" with {channel, data, offset, recovered} for the channels that the server subscribes signed-in
   * people to by itself, such as `inbox:{their id}`.
   */
  constructor(url, getToken = () => null) {
    super();
    this.#url = url;
    this.#getToken = getToken;
    globalThis.addEventListener?.("online", () => this.#wanted && this.connect());
  }

  /** Connect and stay connected; while waiting for the next attempt, try at once. */
  connect() {
    if (this.#wanted && !this.#timers.retry) return;
    this.#wanted = true;
    this.#open();
  }

  /** Close and stay away until `connect()`, which goes on from where we were. */
  disconnect() {
    this.#wanted = false;
    this.#ended(1000, "closed by us");
  }

  /** Come back as somebody else: after signing in or out. */
  reconnect() {
    for (const { channel, server } of this.#all()) if (server) this.#subscriptions.delete(channel);
    this.#wanted = true;
    this.#abandon();
    this.#open();
  }

  /**
   * Follow a channel, through any number of connections, until `unsubscribe`. Returns a promise that is kept once the
   * server has said yes or no: from then on nothing is missed.
   *
   * `since`: the {epoch, offset} of what was read; without it we hear what happens from now on.
   * `onEvent(data, {channel, epoch, offset, recovered})`: each event once, in order; `recovered` when it was missed first.
   * `onReset()`: more was missed than the server keeps: read the thing again.
   * `onEnd({code, message})`: refused, or the right to read it was taken away.
   */
  subscribe(channel, { since, onEvent, onReset = () => {}, onEnd = () => {} }) {
    return new Promise((onAnswer) => {
      const { epoch, offset } = since ?? {};
      const subscription = { channel, epoch, offset, onEvent, onReset, onEnd, onAnswer };
      this.#subscriptions.set(channel, subscription);
      if (this.#connected) this.#subscribe(subscription);
    });
  }

  unsubscribe(channel) {
    this.#subscriptions.get(channel)?.onAnswer?.(); // nobody is to wait for it any more
    if (this.#subscriptions.delete(channel) && this.#connected) this.#command("unsubscribe", { channel });
  }

  // --- The connection ------------------------------------------------------------------------------------

  async #open() {
    const turn = this.#begin();
    this.#setState(this.#wasLive ? "recovering" : "connecting");
    let token;
    try {
      token = await this.#getToken({ expired: this.#tokenExpired });
    } catch (error) {
      if (turn === this.#turn) this.#ended(0, error.message);
      return;
    }
    if (turn !== this.#turn) return;
    const socket = (this.#socket = new WebSocket(this.#url));
    socket.onopen = () => {
      const identity = token ? { token, subs: this.#ownPositions() } : {};
      this.#command("connect", identity, (result) => this.#welcome(result), (error) => {
        this.#tokenExpired = error.code === 109;
        this.#ended(error.code, error.message);
      });
    };
    socket.onmessage = ({ data }) => turn === this.#turn && this.#receive(data);
    socket.onclose = ({ code, reason }) => turn === this.#turn && this.#ended(code, reason);
  }

  #welcome({ ping, expires, ttl, subs = {} }) {
    this.#connected = true;
    this.#tokenExpired = false;
    this.#pingSeconds = ping;
    this.#expectPing();
    if (expires) this.#refreshIn(ttl);
    for (const [channel, result] of Object.entries(subs)) {
      const onEvent = (data, where) => this.#emit("event", { data, ...where });
      const fresh = { channel, server: true, onEvent, onReset() {}, onEnd() {} };
      const subscription = this.#subscriptions.get(channel) ?? fresh;
      this.#subscriptions.set(channel, subscription);
      this.#subscribed(subscription, result);
    }
    for (const subscription of this.#all()) if (!subscription.server) this.#subscribe(subscription);
    this.#liveWhenAnswered();
  }

  /** A silent server is a dead one, whatever the operating system says of the connection. */
  #expectPing() {
    clearTimeout(this.#timers.ping);
    if (!this.#pingSeconds) return;
    this.#timers.ping = setTimeout(() => this.#ended(3012, "no ping"), (this.#pingSeconds + PING_GRACE) * 1000);
  }

  /** A connection ends with its token, unless a new one is handed in before. */
  #refreshIn(ttl) {
    const turn = this.#turn;
    const refresh = async () => {
      const failed = (error) => turn === this.#turn && this.#ended(0, error.message);
      try {
        const token = await this.#getToken({ expired: true });
        if (turn !== this.#turn) return;
        this.#command("refresh", { token }, (result) => result.expires && this.#refreshIn(result.ttl), failed);
      } catch (error) {
        failed(error);
      }
    };
    this.#timers.refresh = setTimeout(refresh, Math.max(ttl - 30, ttl / 2) * 1000);
  }

  /** A connection or an attempt has ended: come back, after a while or never. */
  #ended(code, reason) {
    this.#abandon();
    // 3500-3999 and 4500-4999: the server says that coming back is of no use.
    if ((code >= 3500 && code < 4000) || (code >= 4500 && code < 5000)) this.#wanted = false;
    if (!this.#wanted) return this.#setState("offline", { code, reason });
    const longest = Math.min(FIRST_DELAY * 2 ** this.#failures, LONGEST_DELAY);
    // The random part keeps a thousand clients from coming back in the same moment.
    const retryIn = code === 109 && !this.#failures ? 0 : longest * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#timers.retry = setTimeout(() => this.#open(), retryIn);
    this.#setState("offline", { code, reason, retryIn });
  }

  #abandon() {
    this.#begin();
    this.#socket?.close();
    this.#socket = null;
    this.#connected = false;
    this.#commands.clear();
    this.#outbox = [];
  }

  #begin() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    return ++this.#turn;
  }

  // --- Channels ------------------------------------------------------------------------------------------

  #subscribe(subscription) {
    const { channel, epoch, offset } = subscription;
    const position = epoch === undefined ? {} : { recover: true, epoch, offset };
    const turn = this.#turn;
    const again = () => turn === this.#turn && this.#subscriptions.get(channel) === subscription && this.#subscribe(subscription);
    const refused = (error) => {
      if (error.temporary) setTimeout(again, 2 * FIRST_DELAY);
      else this.#over(subscription, error);
    };
    this.#command("subscribe", { channel, ...position }, (result) => this.#subscribed(subscription, result), refused);
  }

  #subscribed(subscription, { epoch, offset, was_recovering, recovered, publications = [] }) {
    subscription.epoch = epoch;
    if (!recovered) subscription.offset = offset;
    if (was_recovering && !recovered) subscription.onReset();
    for (const publication of publications) this.#deliver(subscription, publication, true);
    subscription.onAnswer?.();
  }

  #over(subscription, error) {
    if (!this.#subscriptions.delete(subscription.channel)) return;
    subscription.onEnd(error);
    subscription.onAnswer?.();
  }

  #deliver(subscription, { offset, data }, recovered) {
    if (offset <= subscription.offset) return; // heard before
    subscription.offset = offset;
    const { channel, epoch, onEvent } = subscription;
    onEvent(data, { channel, epoch, offset, recovered });
  }

  /** The channels that the server subscribes us to recover in the connect command. */
  #ownPositions() {
    const own = this.#all().filter(({ server }) => server);
    return Object.fromEntries(own.map(({ channel, epoch, offset }) => [channel, { recover: true, epoch, offset }]));
  }

  #all() {
    return [...this.#subscriptions.values()];
  }

  // --- Frames --------------------------------------------------------------------------------------------

  #command(method, params, onReply = () => {}, onError = () => {}) {
    const id = ++this.#lastId;
    this.#commands.set(id, { onReply: (reply) => onReply(reply[method]), onError });
    this.#send({ id, [method]: params });
  }

  /** All that is sent in one turn of the event loop leaves as one frame. */
  #send(message) {
    if (this.#outbox.push(message) > 1) return;
    queueMicrotask(() => {
      const messages = this.#outbox.splice(0);
      if (!messages.length || this.#socket?.readyState !== WebSocket.OPEN) return;
      this.#socket.send(messages.map((each) => JSON.stringify(each)).join("\n"));
      this.#emit("frame", { direction: "out", messages });
    });
  }

  /** Line by line and at once, for a push in this frame may follow on a reply in it. */
  #receive(frame) {
    const messages = frame.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    this.#emit("frame", { direction: "in", messages });
    this.#expectPing();
    const turn = this.#turn;
    for (const message of messages) {
      if (turn !== this.#turn) return;
      if (message.push) this.#push(message.push);
      else if (message.id) this.#reply(message);
      else this.#send({}); // a ping: our pong
    }
    this.#liveWhenAnswered();
  }

  #reply(message) {
    const command = this.#commands.get(message.id);
    this.#commands.delete(message.id);
    if (message.error) command?.onError(message.error);
    else command?.onReply(message);
  }

  #push({ channel, pub, unsubscribe, disconnect }) {
    if (disconnect) return this.#ended(disconnect.code, disconnect.reason);
    const subscription = this.#subscriptions.get(channel);
    if (!subscription) return;
    if (pub) this.#deliver(subscription, pub, false);
    else if (unsubscribe?.code >= 2500) this.#subscribe(subscription); // come back to it, from where we were
    else if (unsubscribe) this.#over(subscription, { code: unsubscribe.code, message: unsubscribe.reason });
  }

  /** Live means: every channel has been answered, so what was missed is here. */
  #liveWhenAnswered() {
    if (!this.#connected || this.#commands.size || this.state === "live") return;
    this.#failures = 0;
    this.#wasLive = true;
    this.#setState("live");
  }

  #setState(state, detail = {}) {
    this.state = state;
    this.#emit("state", { state, ...detail });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
