"""Bodies of the pipeline routes. Load parameters are judged by the pipeline's own schema."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_PIPELINES = 16
PipelineName = Annotated[str, Field(max_length=128)]


class PipelineNode(BaseModel):
    """One pipeline of a load request in its long form."""

    model_config = ConfigDict(strict=True, frozen=True)

    node_id: str | None = Field(default=None, max_length=128)
    pipeline_id: PipelineName
    load_params: dict[str, Any] | None = None


class LoadPipelineRequest(BaseModel):
    """POST /api/v1/pipeline/load, either form. An empty one is for the route to refuse."""

    model_config = ConfigDict(strict=True, frozen=True)

    pipeline_ids: list[PipelineName] | None = Field(default=None, max_length=MAX_PIPELINES)
    load_params: dict[str, Any] | None = None
    pipelines: list[PipelineNode] | None = Field(default=None, max_length=MAX_PIPELINES)

    def wanted(self) -> tuple[PipelineNode, ...]:
        """Both forms as one; empty when nothing is named. The long form goes first."""
        if self.pipelines:
            return tuple(
                node
                if node.load_params is not None
                else node.model_copy(update={"load_params": self.load_params})
                for node in self.pipelines
            )
        return tuple(
            PipelineNode(pipeline_id=name, load_params=self.load_params)
            for name in self.pipeline_ids or ()
        )


class MessageResponse(BaseModel):
    """200 of a request that goes on in the background."""

    model_config = ConfigDict(frozen=True)

    message: str


class LoraAdapter(BaseModel):
    """An adapter that is loaded. scale: that of the load."""

    model_config = ConfigDict(frozen=True)

    path: str
    scale: float
    merge_mode: str


class LoraFile(BaseModel):
    """An adapter that could be loaded. folder: below the server's folder of adapters."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    size_mb: float
    folder: str | None = None


class LoraFilesResponse(BaseModel):
    """GET /api/v1/lora/list and /api/v1/loras."""

    model_config = ConfigDict(frozen=True)

    lora_files: list[LoraFile]


class PipelineStatusResponse(BaseModel):
    """GET /api/v1/pipeline/status."""

    model_config = ConfigDict(frozen=True)

    status: Literal["not_loaded", "loading", "loaded", "error"]
    pipeline_id: str | None = None
    load_params: dict[str, Any] | None = None
    loaded_lora_adapters: list[LoraAdapter] | None = None
    error: str | None = None
    code: str | None = None
    loading_stage: str | None = None
    produces_video: bool = True
    produces_audio: bool = False
    progress: float | None = None


class PipelineSchema(BaseModel):
    """One pipeline in the list; `unavailable` says why it can not run here."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    description: str = ""
    version: str = "1"
    supported_modes: list[str] = ["text"]
    default_mode: str = "text"
    supports_prompts: bool = True
    default_prompt: str = ""
    produces_video: bool = True
    produces_audio: bool = False
    estimated_vram_gb: float | None = None
    supports_lora: bool = False
    supports_vace: bool = False
    supports_cache_management: bool = False
    supports_kv_cache_bias: bool = False
    config_schema: dict[str, Any]
    load_schema: dict[str, Any]
    mode_defaults: dict[str, Any] | None = None
    unavailable: str | None = None


class PipelineSchemasResponse(BaseModel):
    """GET /api/v1/pipelines/schemas."""

    model_config = ConfigDict(frozen=True)

    pipelines: dict[str, PipelineSchema]


class ModelsDownloadRequest(BaseModel):
    """POST /api/v1/models/download."""

    model_config = ConfigDict(strict=True, frozen=True)

    pipeline_id: str = Field(max_length=128)
    load_params: dict[str, Any] | None = None


class DownloadProgress(BaseModel):
    """How far a download is. words: the same in one sentence."""

    model_config = ConfigDict(frozen=True)

    is_downloading: bool = False
    percentage: float = 0.0
    current_artifact: str | None = None
    error: str | None = None
    code: str | None = None
    stage: str | None = None
    words: str | None = None
    bytes_done: int = 0
    bytes_total: int = 0
    bytes_per_s: float | None = None
    eta_s: float | None = None


class ModelArtifact(BaseModel):
    """Files of one repository that a pipeline needs. about_bytes: as published."""

    model_config = ConfigDict(frozen=True)

    repository: str
    revision: str
    files: list[str]
    purpose: str
    licence: str
    about_bytes: int
    bytes_here: int
    downloaded: bool


class ModelsStatusResponse(BaseModel):
    """GET /api/v1/models/status."""

    model_config = ConfigDict(frozen=True)

    pipeline_id: str
    downloaded: bool
    progress: DownloadProgress | None = None
    artifacts: list[ModelArtifact] = []
