"""The chat of the Channels tutorial (parts 2 and 3), JSON consumer, on stock Daphne and RedisChannelLayer."""
