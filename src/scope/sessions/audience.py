"""Everybody who watches one session, and how something is told to them."""

from collections.abc import Iterator

from scope.protocol.notices import Notice
from scope.sessions.ending import ENDED_BY_ADMIN, WISHED, Ending
from scope.sessions.viewer import Viewer


class Audience:
    """Viewers by the id of their peer."""

    def __init__(self) -> None:
        self._viewers: dict[str, Viewer] = {}
        self.owner: str | None = None  # of who controls, or did last

    def __len__(self) -> int:
        return len(self._viewers)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(tuple(self._viewers.values()))

    def add(self, viewer: Viewer) -> None:
        """`viewer` is here."""
        self._viewers[viewer.peer.id] = viewer
        if viewer.controls:
            self.owner = viewer.permit.owner

    def remove(self, peer_id: str) -> Viewer | None:
        """The viewer of that peer is gone; who it was."""
        return self._viewers.pop(peer_id, None)

    def get(self, peer_id: str | None) -> Viewer | None:
        """The viewer of that peer."""
        return self._viewers.get(peer_id) if peer_id is not None else None

    @property
    def controller(self) -> Viewer | None:
        """Who controls; the newest of them, while an older one is about to go."""
        return next((viewer for viewer in reversed(tuple(self)) if viewer.controls), None)

    def controllers(self, *, but: Viewer) -> tuple[Viewer, ...]:
        """Others who control."""
        return tuple(viewer for viewer in self if viewer.controls and viewer is not but)

    def hand_over(self, viewer: Viewer) -> None:
        """From now on `viewer` controls, and nobody else."""
        self.owner = viewer.permit.owner
        for each in self:
            each.controls = each is viewer

    def of(self, owner: str) -> tuple[Viewer, ...]:
        """Those that one caller let in."""
        return tuple(viewer for viewer in self if viewer.permit.owner == owner)

    def ending_by(self, owner: str, *, may_end_any: bool) -> Ending | None:
        """How the session ends when that caller wants it to; None: it is somebody else's."""
        if self.owner in (None, owner):
            return WISHED
        return ENDED_BY_ADMIN if may_end_any else None

    def unwelcome(self) -> tuple[Viewer, ...]:
        """Those who may no longer be here."""
        return tuple(viewer for viewer in self if not viewer.permit.good())

    def tell(
        self, notice: Notice, *, only: Viewer | None = None, but: Viewer | None = None
    ) -> None:
        """Send `notice` to `only`, or to all but `but`."""
        for viewer in (only,) if only is not None else self:
            if viewer is not but:
                viewer.tell(notice)
