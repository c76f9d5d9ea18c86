"""One client that behaves as told: `python -m bench.disturber BASE KIND SESSION`.

Says `ready` when everything is imported, waits for a line, then joins (a session of its own),
watches (SESSION over WHEP), waits to be killed, or posts garbage.
"""

import asyncio
import os
import sys

import httpx2

from bench.viewer import Viewer

STAY_S = 1.0
GARBAGE = ("", "garbage", "v=0\r\n" * 200, "v=0\r\nm=video 9 X 0\r\n" + "a=" + "x" * 5000)


async def main(base: str, kind: str, session_id: str) -> None:
    """Do one disturbance."""
    os.nice(5)  # what is measured is the server, not who wins two cores
    async with httpx2.AsyncClient(base_url=base, timeout=20) as http:
        await http.get("/health")
        viewer = Viewer(http)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        if kind == "garbage":
            await viewer.close()
            await _garbage(http)
            return
        await (viewer.watch(session_id) if kind == "watch" else viewer.start())
        await viewer.first_frame()
        await asyncio.sleep(3600 if kind == "killed" else STAY_S)
        await viewer.close()


async def _garbage(http: httpx2.AsyncClient) -> None:
    for sdp in GARBAGE:
        await http.post("/api/v1/webrtc/offer", json={"sdp": sdp, "type": "offer"})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
