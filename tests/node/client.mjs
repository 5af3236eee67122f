// npm's `centrifuge`, unmodified. It is told over stdin what to do, one JSON object a line ({"do": "subscribe",
// "channel": "recipe:1"}), and prints one a line for all that happens to it.
//   node client.mjs ws://127.0.0.1:8000/ws/ '{"token": "...", "asks": true, "tickets": true}'
// `asks`: it has a `getToken`, and says {"event": "asked"} when that is called; the answer is {"do": "token"}.
// `tickets`: what it gets works once, so it asks again before it reconnects.
import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const [url, options = "{}"] = process.argv.slice(2);
const { token, asks, tickets } = JSON.parse(options);
const say = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));
const sockets = [];
let answer = null;
// While it is away, attempts to reconnect wait for this.
let online = Promise.resolve();
let comeBack = () => {};

class RememberedSocket extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
}

const centrifuge = new Centrifuge(url, {
  websocket: RememberedSocket,
  minReconnectDelay: 50,
  maxReconnectDelay: 200,
  getData: () => online,
  ...(token ? { token } : {}),
  ...(asks ? { getToken: () => new Promise((resolve) => ((answer = resolve), say("asked"))) } : {}),
});

const subscribed = (context) => ({
  channel: context.channel,
  recoverable: context.recoverable,
  recovered: context.recovered,
  wasRecovering: context.wasRecovering,
});
const publication = (context) => ({ channel: context.channel, offset: context.offset, data: context.data });

centrifuge.on("connecting", (context) => {
  if (tickets) centrifuge.setToken("");
  say("connecting", { code: context.code });
});
centrifuge.on("connected", (context) => say("connected", { client: context.client }));
centrifuge.on("disconnected", (context) => say("disconnected", { code: context.code, reason: context.reason }));
centrifuge.on("error", (context) => say("error", { type: context.type, code: context.error?.code }));
// Of the subscriptions that the server makes.
centrifuge.on("subscribed", (context) => say("subscribed", subscribed(context)));
centrifuge.on("publication", (context) => say("publication", publication(context)));

function subscribe(channel) {
  const subscription = centrifuge.newSubscription(channel, { minResubscribeDelay: 50, maxResubscribeDelay: 200 });
  subscription.on("subscribed", (context) => say("subscribed", subscribed(context)));
  subscription.on("subscribing", (context) => say("subscribing", { channel, code: context.code }));
  subscription.on("publication", (context) => say("publication", publication(context)));
  subscription.on("unsubscribed", (context) => say("unsubscribed", { channel, code: context.code }));
  subscription.on("error", (context) => say("error", { channel, code: context.error.code }));
  subscription.subscribe();
}

function result(promise) {
  promise.then(
    (value) => say("result", { value }),
    (error) => say("failed", { code: error.code }),
  );
}

const acts = {
  connect: () => centrifuge.connect(),
  disconnect: () => centrifuge.disconnect(),
  token: ({ token }) => answer(token),
  subscribe: ({ channel }) => subscribe(channel),
  unsubscribe: ({ channel }) => centrifuge.getSubscription(channel).unsubscribe(),
  state: ({ channel }) => say("result", { value: (channel ? centrifuge.getSubscription(channel) : centrifuge).state }),
  history: ({ channel, ...options }) => result(centrifuge.history(channel, options)),
  presence: ({ channel }) => result(centrifuge.presence(channel)),
  presenceStats: ({ channel }) => result(centrifuge.presenceStats(channel)),
  publish: ({ channel, data }) => result(centrifuge.publish(channel, data)),
  // As a network would: no closing frame.
  drop: () => sockets.at(-1).terminate(),
  leave: () => {
    online = new Promise((resolve) => (comeBack = resolve));
    sockets.at(-1).terminate();
  },
  return: () => comeBack(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...fields } = JSON.parse(line);
  acts[name](fields);
}
process.exit(0);
