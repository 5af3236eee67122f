"""The weekly backup of users (O3): a gzipped CSV and its manifest, in a bucket or in a folder.

`rows` is what stands in it, `bucket` and `folder` are where it lies, `files` writes, checks, finds and forgets, `jobs`
does so once a week, `restoring` brings people back.
"""
