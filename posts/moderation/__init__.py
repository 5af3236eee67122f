"""Reports of people, and what staff look at to decide on them.

The writes are in posts/services/reports.py and posts/services/moderation.py. Every removal by staff leaves a row in
the audit, whichever way it was made: the services that delete write it (recipes by a hook, for they are below).
"""
