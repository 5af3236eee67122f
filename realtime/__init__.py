"""Transport of events: outbox, relay, hub, sockets. It never learns what a recipe is."""
