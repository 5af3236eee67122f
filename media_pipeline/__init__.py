"""Uploads, images, video, storage: it knows an owner and a file, and nothing of what they are for."""
