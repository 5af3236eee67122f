/** The live page: the parts, and who tells whom. */

import { Account } from "./account.js";
import { Connection } from "./connection.js";
import { Frames } from "./frames.js";
import { News } from "./news.js";
import { Waiting, complain, notice } from "./notices.js";
import { Recipes } from "./recipes.js";
import { SimmerRest } from "./simmer-rest.js";
import { SimmerSocket } from "./simmer-socket.js";

const $ = (selector) => document.querySelector(selector);

const rest = new SimmerRest();
const address = new URL("/ws/", location.href).href.replace(/^http/, "ws");
const socket = new SimmerSocket(address, (wanted) => rest.accessToken(wanted));

const frames = new Frames($("#frames"));
const news = new News($("#news"));
const waiting = new Waiting($("#waiting"));
new Connection(socket);
new Account({ rest, onProblem: complain });
const recipes = new Recipes({
  rest,
  socket,
  list: $("#recipe-list"),
  onNews: (item) => news.add(item),
  onProblem: complain,
  onRefused: (name, problem, retry) => waiting.add(name, problem, retry),
  onShown: () => {
    $("#recipes").removeAttribute("aria-busy");
    $("#more").hidden = !recipes.hasMore;
  },
  onLoaded: () => {
    waiting.clear();
    $("#none").hidden = recipes.size > 0;
  },
});

socket.addEventListener("frame", ({ detail }) => frames.add(detail));

// A token that is refused, or a session that was ended elsewhere: go on as nobody.
socket.addEventListener("state", ({ detail: { code } }) => {
  if ((code === 3500 || code === 3503) && rest.user) {
    notice("You were signed out.");
    rest.forget();
  }
});

// inbox:{id}, which the server subscribes signed-in people to by itself.
socket.addEventListener("event", ({ detail: { data } }) => {
  if (data.type === "media.ready") notice("Your picture is ready.");
  if (data.type === "media.failed") notice("Your picture could not be used: is it a photo?", "error");
});

rest.addEventListener("user", () => {
  socket.reconnect();
  recipes.setReader(rest.user);
  if (rest.user) recipes.load();
});

$("#more").addEventListener("click", () => recipes.loadMore());

// Mails lead to /#recipe-42.
function showLinked() {
  const linked = /^#recipe-(\d+)$/.exec(location.hash);
  if (linked) recipes.find(Number(linked[1]));
}
window.addEventListener("hashchange", showLinked);

socket.connect();
// What came with the page is there at once, and stays when nothing may be read for a while.
const { first } = $("#recipe-list").dataset;
if (first) recipes.show(JSON.parse(first));
recipes.load().then(showLinked);
