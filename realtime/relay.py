"""The relay: the one process that moves what services recorded. `manage.py relay` runs it.

It numbers committed events (the main thread), publishes them (a thread with a loop) and enqueues jobs (a thread).
Numbering waits for neither of the others. Any error of the database ends the process: whoever supervises it starts it
anew, or a standby takes over, and what was committed is still there.
"""

import logging
import os
import threading
import time

from django.db import connection

from realtime.canaries import send_canaries
from realtime.enqueueing import Broker, BrokerAway, enqueue_due
from realtime.lock import lock_for, prepare_connections
from realtime.numbering import BATCH, Numbering
from realtime.positions import start_epoch_if_origin_changed
from realtime.publishing import Publisher, messages_of

logger = logging.getLogger(__name__)

# Half of it is the delay of an event on average; it costs 1 % of a core. NOTIFY would halve the commits a second.
POLL_SECONDS = 0.01
STANDBY_POLL_SECONDS = 0.25
JOBS_POLL_SECONDS = 0.1
BROKER_RETRY_SECONDS = 1.0
# How often it looks for canaries that are due.
CANARIES_SECONDS = 1.0
REPORT_SECONDS = 60.0


class Relay:
    """`run` blocks until `stop` is called, from a signal handler or another thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._enqueuer_error: Exception | None = None
        # Seen from other threads (realtime/relay_metrics.py): when it last turned, on the monotonic clock; whether it
        # has the lock; what it has done.
        self.turned = time.monotonic()
        self.is_working = False
        self.is_broker_away = False
        self.numbered = 0
        self.enqueued = 0
        self.publisher: Publisher | None = None

    def stop(self) -> None:
        """Ends `run` after the batch at hand."""
        self._stop.set()

    def run(self) -> None:
        """Waits for the lock, then works. Raises what the database raises."""
        prepare_connections()
        lock = lock_for(connection)
        if not lock.acquire():
            logger.info("relay.standby pid=%d", os.getpid())
            while not lock.acquire():
                self.turned = time.monotonic()
                if self._stop.wait(STANDBY_POLL_SECONDS):
                    return
        numbering = Numbering(connection)
        # The origin cannot change later in this session: this raises on a standby, and a primary never changes its
        # timeline while it runs.
        if (epoch := start_epoch_if_origin_changed()) is not None:
            logger.warning("relay.new_epoch epoch=%s: the database was restored, or a standby was promoted", epoch)
        logger.info("relay.started pid=%d position=%d", os.getpid(), numbering.position)
        publisher = self.publisher = Publisher()
        self.is_working = True
        enqueuer = threading.Thread(target=self._enqueue, name="enqueuer", daemon=True)
        enqueuer.start()
        try:
            self._number(numbering, publisher)
        finally:
            self._stop.set()
            publisher.close()
        enqueuer.join(BROKER_RETRY_SECONDS)
        if self._enqueuer_error is not None:
            raise self._enqueuer_error
        lock.release()
        logger.info("relay.stopped pid=%d position=%d", os.getpid(), numbering.position)

    def _number(self, numbering: Numbering, publisher: Publisher) -> None:
        next_report = time.monotonic() + REPORT_SECONDS
        wait = 0.0
        while not self._stop.wait(wait):
            self.turned = time.monotonic()
            events = numbering.number()
            if events:
                publisher.publish(messages_of(events))
                self.numbered += len(events)
            wait = 0.0 if len(events) == BATCH else POLL_SECONDS
            if time.monotonic() >= next_report:
                next_report += REPORT_SECONDS
                logger.info(
                    "relay.report position=%d numbered=%d published=%d dropped=%d enqueued=%d",
                    numbering.position, self.numbered, publisher.published, publisher.dropped, self.enqueued,
                )  # fmt: skip

    def _enqueue(self) -> None:
        broker = Broker()
        wait, next_canaries = 0.0, 0.0
        try:
            while not self._stop.wait(wait):
                try:
                    if time.monotonic() >= next_canaries:
                        send_canaries()
                        next_canaries = time.monotonic() + CANARIES_SECONDS
                    sent = enqueue_due(broker)
                except BrokerAway as error:
                    if not self.is_broker_away:
                        logger.warning("broker.away error=%s", error)
                    self.is_broker_away, wait = True, BROKER_RETRY_SECONDS
                    continue
                if sent and self.is_broker_away:
                    logger.info("broker.back")
                    self.is_broker_away = False
                self.enqueued += sent
                wait = JOBS_POLL_SECONDS if not sent else 0.0
        except Exception as error:
            self._enqueuer_error = error
            self._stop.set()
        finally:
            broker.close()
            connection.close()
