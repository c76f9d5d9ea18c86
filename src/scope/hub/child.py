"""The process that downloads: `python -m scope.hub.child`, an order in, news out.

Decides that it ends with its parent: its standard input stays open as long as somebody wants
the files. Killing it at any moment costs nothing that has arrived.
"""

import os
import sys
import threading

from huggingface_hub import constants

from scope.hub.fetch import Fetch
from scope.hub.order import News, Order, to_line
from scope.hub.problems import EXPECTED, in_words

CHUNK_BYTES = 2**20
"""What is lost, at most, when the process is killed."""


def main() -> None:
    """Entry point."""
    constants.HF_HUB_DISABLE_TELEMETRY = True
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    order = Order.of_line(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    fetch = Fetch(order, tell=_tell)
    try:
        fetch.run()
    except EXPECTED as error:
        _tell(in_words(error, artifact=fetch.working_on, endpoint=order.endpoint))


def _tell(news: News) -> None:
    sys.stdout.write(to_line(news) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not through sys.stdin, whose lock an exit needs
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
