// Rooms on socket.io with its Redis adapter, as their manuals set it up: WebSocket alone, no compression, and the memory
// saved that the manual says can be saved. Needs PORT and REDIS_URL.
import { createServer } from "node:http";

import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const http = createServer((request, response) => response.end("ok"));

const publisher = createClient({ url: process.env.REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const io = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ["websocket"],
  serveClient: false,
});
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.on("connection", (socket) => socket.join(socket.handshake.auth.room));

http.listen(Number(process.env.PORT), "127.0.0.1");
