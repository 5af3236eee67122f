"""Telling people of what others did that concerns them.

A service asks for it by `posts.notify.notify`; a job (jobs.py) then brings the recipient's notifications in line with
the truth (deeds.py), under a lock on the recipient, so that any number of jobs at once leaves exact groups (groups.py).

Rules:
- While a notification is unread, whoever does the same to the same thing joins it. Once it is read, the next one begins
  another.
- A person is told once of somebody's like, repost, follow, rating or mention of the same thing, for as long as the
  notification is kept: taking a like back and giving it again is no news. Each comment and reply is.
- What is taken back before it was read goes, and with its last actor the notification. What was read stays as it was.
- Blocks and mutes take a person out of what was read, too.
"""
