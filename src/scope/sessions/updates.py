"""What happens to a parameter update between its sender and its first picture.

Decides revisions, warnings, who is told of a change, and when it is confirmed.
"""

from typing import Any

from scope.clock import Clock
from scope.control import ControlUpdate
from scope.engine.api import StreamHandle
from scope.events import UpdateRejected
from scope.protocol.notices import Applied, ErrorNotice, ParametersUpdated
from scope.protocol.parameters import DecodedParameters, ParameterUpdate
from scope.sessions.audience import Audience
from scope.sessions.confirmations import Confirmations, PendingUpdate, worth_telling
from scope.sessions.player import Sent
from scope.sessions.shown import Shown, as_parameters
from scope.sessions.stream_figures import StreamTally
from scope.sessions.viewer import Viewer

MOST_WARNED_KEYS = 256


class Updates:
    """The updates of one session. shown: the parameters in force."""

    def __init__(
        self,
        *,
        handle: StreamHandle,
        shown: Shown,
        audience: Audience,
        tally: StreamTally,
        clock: Clock,
    ) -> None:
        self.shown = shown
        self._handle = handle
        self._audience = audience
        self._tally = tally
        self._clock = clock
        self._revision = 0
        self._pending = Confirmations()
        self._warned: set[str] = set()

    def take(self, decoded: DecodedParameters, *, sender: Viewer | None) -> int:
        """Send an update on its way; its revision. sender None: it came by REST."""
        update = decoded.update
        if sender is not None:
            self.warn(decoded, sender)
        self._revision += 1
        control = update.to_control(self._revision, method=self.shown.method)
        self._pending.expect(
            PendingUpdate(
                revision=self._revision,
                arrived_s=self._clock.now(),
                update=update,
                before=self.shown,
                peer_id=sender.peer.id if sender else None,
                message_id=decoded.message_id,
            )
        )
        self.shown = self.shown.after(update)
        self._handle.send(control)
        if parameters := as_parameters(update):
            self._audience.tell(ParametersUpdated(parameters=parameters), but=sender)
        return self._revision

    def scripted(self, update: ControlUpdate) -> None:
        """What was written beforehand takes effect: tell everybody what is in force."""
        mix, glide = update.prompts, update.transition
        shown = ParameterUpdate(
            prompts=mix.items if mix else None,
            method=mix.method if mix else glide.targets.method if glide else update.method,
            transition=glide,
            changes=dict(update.changes),
            reset=update.reset,
            seed=update.seed,
        )
        self.shown = self.shown.after(shown)
        if parameters := as_parameters(shown):
            self._audience.tell(ParametersUpdated(parameters=parameters))

    def warn(self, decoded: DecodedParameters, sender: Viewer) -> None:
        """Tell of keys that do nothing here, each once a session."""
        for key, detail in ignored(decoded).items():
            self._warn_once(key, detail, sender)

    def refused(self, event: UpdateRejected) -> None:
        """The pipeline does not take an update: its sender hears why, and who was told of it
        hears what is in force instead.
        """
        refused, self.shown = self._pending.refuse(event.revision, self.shown)
        sender = self._audience.get(refused.peer_id) if refused else None
        if refused and (told := corrected(refused.update, self.shown)):
            self._audience.tell(ParametersUpdated(parameters=told), but=sender)
        self._audience.tell(
            ErrorNotice(
                code=event.error.code,
                field=event.error.field,
                detail=event.error.detail,
                message_id=refused.message_id if refused else None,
            ),
            only=sender,
        )

    def frame_sent(self, sent: Sent) -> None:
        """Confirm everything this frame is the first to show."""
        settled = self._pending.settle(sent.frame.revision)
        for update in settled:
            if update.changes_words:
                self._tally.prompt_shown(sent.now_s - update.arrived_s)
        for update in worth_telling(settled):
            self._confirm(update, sent)

    def _confirm(self, update: PendingUpdate, sent: Sent) -> None:
        for viewer in self._audience:
            mine = viewer.peer.id == update.peer_id
            viewer.tell(
                Applied(
                    revision=update.revision,
                    first_frame=sent.frame.index,
                    chunk=sent.frame.chunk,
                    rtp_timestamp=viewer.peer.rtp_timestamp(sent.pts),
                    ms=round(1000 * (sent.now_s - update.arrived_s), 1),
                    message_id=update.message_id if mine else None,
                )
            )

    def _warn_once(self, key: str, detail: str, sender: Viewer) -> None:
        if key in self._warned or len(self._warned) >= MOST_WARNED_KEYS:
            return
        self._warned.add(key)
        sender.tell(
            ErrorNotice(severity="warning", code="ignored_parameter", field=key, detail=detail)
        )


def ignored(decoded: DecodedParameters) -> dict[str, str]:
    """What a message asks for in vain, with a sentence for each key."""
    found = {key: f"{key} is not a parameter here; it was ignored." for key in decoded.unknown}
    if decoded.update.input_mode == "video":
        found["input_mode"] = "Video input is not supported yet."
    return found


def corrected(refused: ParameterUpdate, shown: Shown) -> dict[str, Any]:
    """What is in force of the keys of an update that was refused; None: as it was loaded."""
    keys = as_parameters(refused).keys() - {"reset_cache"}
    if "transition" in keys:
        keys = keys - {"transition"} | {"prompts"}
    in_force = shown.parameters()
    return {key: in_force.get(key) for key in sorted(keys)}
