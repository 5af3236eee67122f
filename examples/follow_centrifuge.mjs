// Follows a recipe's ratings with the official SDK: node follow_centrifuge.mjs 1
// It reconnects by itself, asks for a new token when the old one has expired, and recovers what was missed.
import { Centrifuge } from "centrifuge";
import WebSocket from "ws"; // browsers, and Node.js from 22 on, bring their own

const { SIMMER_URL: url = "http://localhost:8000", SIMMER_USERNAME: username, SIMMER_PASSWORD: password } = process.env;
const channel = `recipe:${process.argv[2]}`;

async function signIn() {
  const answer = await fetch(`${url}/api/auth/token/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access;
}

const client = new Centrifuge(`${url.replace(/^http/, "ws")}/ws/`, { websocket: WebSocket, getToken: signIn });
client.on("error", ({ error }) => console.error(error.message));

const ratings = client.newSubscription(channel);
ratings.on("subscribed", ({ wasRecovering, recovered }) => {
  console.log(`following ${channel}`);
  // After a day, or 5,000 events: the values are absolute, so one read of the recipe makes up for all of them.
  if (wasRecovering && !recovered) console.log("too much was missed: read the recipe again");
});
ratings.on("publication", ({ offset, data }) => {
  if (data.type.startsWith("rating.")) console.log(`${offset} ${data.type}: ${data.avg_rating} of ${data.rating_count}`);
});
// The right to read it was taken away, or there is no such recipe.
ratings.on("unsubscribed", ({ code, reason }) => {
  console.error(`${code} ${reason}`);
  client.disconnect();
});
ratings.subscribe();
client.connect();
