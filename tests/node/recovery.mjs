// npm's `centrifuge`, unmodified: connects, subscribes, loses its connection, recovers. Driven line by line over
// stdin ("subscribe recipe:1", "drop", "refresh"), it prints one JSON object a line for all that happens to it.
//   node recovery.mjs ws://127.0.0.1:8000/ws/ [token]
import { createInterface } from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const say = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));
const sockets = [];

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
  ...(token ? { token } : {}),
});
centrifuge.on("connected", () => say("connected"));
centrifuge.on("connecting", (context) => say("connecting", { code: context.code }));
centrifuge.on("disconnected", (context) => say("disconnected", { code: context.code, reason: context.reason }));
centrifuge.on("error", (context) => say("error", { message: String(context.error?.message) }));
centrifuge.on("publication", (context) => say("publication", { channel: context.channel, offset: context.offset, data: context.data }));
centrifuge.on("subscribed", (context) => say("subscribed", { channel: context.channel, recovered: context.recovered }));

for await (const line of createInterface({ input: process.stdin })) {
  const [command, channel] = line.split(" ");
  if (command === "connect") centrifuge.connect();
  if (command === "subscribe") {
    const subscription = centrifuge.newSubscription(channel);
    subscription.on("subscribed", (c) => say("subscribed", { channel, recovered: c.recovered, wasRecovering: c.wasRecovering }));
    subscription.on("publication", (c) => say("publication", { channel, offset: c.offset, data: c.data }));
    subscription.on("unsubscribed", (c) => say("unsubscribed", { channel, code: c.code }));
    subscription.on("error", (c) => say("subscription_error", { channel, code: c.error.code }));
    subscription.subscribe();
  }
  // As a network would: no closing frame.
  if (command === "drop") sockets.at(-1).terminate();
  if (command === "disconnect") centrifuge.disconnect();
}
process.exit(0);
