"""Whether a session could start: which pipeline is loaded, and what it is called.

Decides what is said when the wrong one is loaded, or none. It does not know who asks.
"""

from collections.abc import Callable

from scope.engine.api import Engine
from scope.errors import PipelineNotLoaded
from scope.events import EngineStatus
from scope.pipelines.contract import PipelineSpec

NOT_LOADED = "Pipeline not loaded. Please load pipeline first."
RETRY_LOADING_S = 2.0


class Readiness:
    """What is loaded. resolve: the id behind a name that clients use. status: why nothing is,
    where more than the engine is known of that, as while files are fetched.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        resolve: Callable[[str], str],
        status: Callable[[], EngineStatus] | None = None,
    ) -> None:
        self._engine = engine
        self._resolve = resolve
        self._status = status or engine.status

    def loaded(self) -> PipelineSpec | None:
        """The loaded pipeline."""
        status = self._engine.status()
        if status.state != "loaded" or status.pipeline_id is None:
            return None
        return self._engine.catalog().get(status.pipeline_id)

    def require(self, wanted: tuple[str, ...] | None) -> PipelineSpec:
        """The loaded pipeline. Raises PipelineNotLoaded, also when it is not the one wanted."""
        spec, status = self.loaded(), self._status()
        if spec is None:
            reason = status.error.detail if status.error else status.state
            retry_after_s = RETRY_LOADING_S if status.state == "loading" else None
            raise PipelineNotLoaded(NOT_LOADED, reason=reason, retry_after_s=retry_after_s)
        missing = [name for name in wanted or () if self._resolve(name) != spec.id]
        if missing:
            raise PipelineNotLoaded(
                f"Pipeline not loaded: {', '.join(missing)}. Please load pipeline first.",
                reason=f"{spec.id} is loaded",
            )
        return spec
