"""The OAuth 2 provider: django-oauth-toolkit's registry, codes and protocol, with our sessions for tokens.

See docs/oauth.md for what apps do and docs/decisions/0010-an-apps-grant-is-a-session.md for why it is so.
"""
