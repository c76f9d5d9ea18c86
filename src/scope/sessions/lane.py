"""One codec of one stream: one encoder and the peers that share its packets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from scope.frames import Codec, EncodedFrame, VideoFormat
from scope.media.bitrate import BitrateFollower, floor_bitrate_kbps, initial_bitrate_kbps
from scope.media.encoder import EncoderPool, Picture, VideoEncoder


class Listener(Protocol):
    """What gets the packets: a peer, or a recording."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def codec(self) -> Codec:
        """What it can take."""
        ...

    def push(self, frame: EncodedFrame) -> None:
        """The next packet; never blocks."""
        ...


class Lane:
    """Encodes for its peers at the rate the narrowest path bears."""

    def __init__(self, codec: Codec, *, video: VideoFormat, pool: EncoderPool) -> None:
        self._kbps = initial_bitrate_kbps(video)
        self._encoder = VideoEncoder(codec, format=video, bitrate_kbps=self._kbps)
        self._follower = BitrateFollower(cap_kbps=self._kbps, floor_kbps=floor_bitrate_kbps(video))
        self._pool = pool
        self._peers: dict[str, Listener] = {}
        self._quiet: set[str] = set()
        self.keyframe_wanted = True

    @property
    def bitrate_kbps(self) -> int:
        """What the encoder aims at."""
        return self._kbps

    def __len__(self) -> int:
        return len(self._peers)

    def listeners(self) -> Iterable[Listener]:
        """Peers that take packets now."""
        return (peer for id_, peer in self._peers.items() if id_ not in self._quiet)

    def has_listeners(self) -> bool:
        """Whether encoding is worth while."""
        return len(self._peers) > len(self._quiet)

    def add(self, peer: Listener) -> None:
        """`peer` takes packets from the next keyframe on."""
        self._peers[peer.id] = peer
        self._quiet.discard(peer.id)
        self.keyframe_wanted = True

    def remove(self, peer_id: str) -> None:
        """The peer takes no more packets."""
        self._peers.pop(peer_id, None)
        self._quiet.discard(peer_id)
        self._follower.forget(peer_id)

    def quieten(self, peer_id: str, quiet: bool) -> None:
        """Skip a peer that gives no sign of life, or serve it again."""
        if peer_id not in self._peers:
            return
        if quiet:
            self._quiet.add(peer_id)
        elif peer_id in self._quiet:
            self._quiet.discard(peer_id)
            self.keyframe_wanted = True

    def estimated(self, peer_id: str, kbps: int, *, now_s: float) -> None:
        """What `peer_id` believes its path to bear."""
        self._follower.estimated(peer_id, kbps, now_s=now_s)

    async def encode(self, pictures: Sequence[Picture], *, now_s: float) -> list[EncodedFrame]:
        """Pictures in order, on a thread of the pool; one call at a time."""
        target_kbps = self._follower.target_kbps(now_s=now_s)
        if target_kbps != self._kbps:
            self._kbps = target_kbps
            self._encoder.set_bitrate(target_kbps)
        wanted, self.keyframe_wanted = self.keyframe_wanted, False
        encoded = await self._pool.run(self._encoder, pictures, keyframe=wanted)
        if wanted and not any(frame.keyframe for frame in encoded):
            self.keyframe_wanted = True  # too soon after the last one; ask again
        return encoded

    def push(self, encoded: EncodedFrame) -> None:
        """Hand the same packet to every listener."""
        for peer in self.listeners():
            peer.push(encoded)

    def close(self) -> None:
        """Free the encoder."""
        self._encoder.close()
