"""Watch a stream from Python: prompts in, pictures out.

    daydream-scope &
    python examples/receive.py "a calm sea at sunset" "the same sea in a storm"

Shows each prompt for a few seconds, says how long it took to reach the picture, and saves the last
picture of each beside the others.
"""

import argparse
import asyncio
from pathlib import Path

from PIL import Image

from scope.client.api import DEFAULT_URL, Client
from scope.client.stream import Stream


async def save_last(stream: Stream, path: Path, *, seconds: float) -> int:
    """Look for `seconds`, then keep what was seen last. How many pictures came."""
    seen, last = 0, None
    try:
        async with asyncio.timeout(seconds):
            async for picture in stream.frames():
                seen, last = seen + 1, picture
    except TimeoutError:
        pass
    if last is not None:
        await asyncio.to_thread(Image.fromarray(last.pixels).save, path)
    return seen


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("prompts", nargs="+")
    parser.add_argument("--url", default=DEFAULT_URL)
    parser.add_argument("--key")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--out", type=Path, default=Path("."))
    asked = parser.parse_args()

    async with (
        Client(asked.url, api_key=asked.key) as client,
        client.stream(asked.prompts[0]) as stream,
    ):
        print(f"session {stream.id}")
        for number, prompt in enumerate(asked.prompts, start=1):
            applied = await stream.prompt(prompt, steps=2 if number > 1 else 0)
            path = asked.out / f"{number}.png"
            seen = await save_last(stream, path, seconds=asked.seconds)
            print(f"{prompt!r}: in the picture after {applied.elapsed_s:.2f} s; {seen} → {path}")


if __name__ == "__main__":
    asyncio.run(main())
