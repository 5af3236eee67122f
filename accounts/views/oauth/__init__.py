"""`/o/...`: what apps call, and the pages on which people allow them things (docs/oauth.md)."""
