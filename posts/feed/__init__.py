"""The home feed: posts of those whom a person follows, and their own.

Written: `fan_out` puts a new post into its followers' feeds (FeedEntry), `followees` keeps them in line with follows,
`trim` keeps them short. Read: `keys` merges what was written with the posts of authors who have too many followers for
that, and with one's own; `latest` and `ranked` are the two orders.

What a feed shows is decided at read: an entry counts only while its author is followed and its post is listed for the
reader. So an entry that a job has not yet taken out, or never will, shows nothing that it must not.
"""
