"""PyPI's tuspy, unmodified: python upload_tuspy.py <endpoint> <token> <file> <chunk size>. Prints the upload's address.

A process of its own: it closes neither its file nor its connections.
"""

import contextlib
import sys

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

endpoint, token, path, chunk_size = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})
uploader = client.uploader(path, chunk_size=int(chunk_size), retries=10, retry_delay=0.02)
for _ in range(20):
    # When a creation or the question for the offset fails it gives up, and its caller goes on.
    with contextlib.suppress(TusCommunicationError):
        uploader.upload()
        break
print(uploader.url)
