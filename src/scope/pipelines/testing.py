"""What every pipeline must hold, as tests an author subclasses.

    class TestPlasma(PipelineContract):
        pipeline = Plasma

Each method is one promise of `scope.pipelines.contract.Pipeline`. No test library is
needed: any runner that collects classes will do. Override the hooks of `PipelineTrial`
where a pipeline needs something special; one that can not keep a promise must not be served.
"""

import gc
import json
import weakref

import numpy as np

from scope.control import PromptSchedule, Transition
from scope.frames import Pixels
from scope.pipelines.trial import PipelineTrial, hold, resident_mb, same

SESSION_KEYS = frozenset(
    {
        "prompts",
        "prompt_interpolation_method",
        "transition",
        "reset_cache",
        "seed",
        "paused",
        "recording",
        "input_mode",
        "apply",
        "pipeline_ids",
        "_id",
    }
)
PICKLED = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x05abort\x94\x93)R."


class PipelineContract(PipelineTrial):
    """Subclass it, set `pipeline`, run it."""

    def test_describes_itself_as_json(self) -> None:
        """The spec is a value, its schemas are JSON and every parameter has a default."""
        spec = self.pipeline.spec()
        hold(bool(spec.id and spec.title and spec.modes), "id, title and modes must be given")
        for name, schema in (("Params", spec.params_schema), ("LoadParams", spec.load_schema)):
            json.dumps(dict(schema))
            hold(schema["type"] == "object", f"{name} must be an object")
            hold(not schema.get("required"), f"{name}: each parameter needs a default")
        taken = SESSION_KEYS & set(spec.params_schema.get("properties", ()))
        hold(not taken, f"Params must not declare what every session has: {sorted(taken)}")
        self.pipeline.Params()
        self.pipeline.LoadParams()

    def test_refuses_parameters_it_does_not_have(self) -> None:
        """`Params` is the last check before the model."""
        for kind in (self.pipeline.Params, self.pipeline.LoadParams):
            try:
                kind.model_validate({"no_such_parameter": 1})
            except ValueError:
                continue
            raise AssertionError(f"{kind.__name__} takes what it does not know")

    def test_yields_pictures_of_the_format_it_states(self) -> None:
        """uint8 [T, H, W, 3] in RAM, at least one frame a chunk and never more than stated."""
        pipeline = self.fresh()
        stated = pipeline.format
        hold(stated.width % 2 == stated.height % 2 == 0, "width and height must be even")
        hold(stated.fps > 0, "fps must be positive")
        state = pipeline.open(1)
        for _ in range(self.chunks):
            pieces = list(self.pieces(pipeline, state, 0))
            for piece in pieces:
                hold(isinstance(piece, np.ndarray), "a piece must be a numpy array")
                hold(piece.dtype == np.uint8, "a piece must be uint8")
                right = piece.ndim == 4 and piece.shape[1:] == (stated.height, stated.width, 3)
                hold(right, f"a piece must be [T, H, W, 3], not {piece.shape}")
            frames = sum(map(len, pieces))
            hold(1 <= frames <= pipeline.chunk_frames, f"{frames} frames are no chunk")

    def test_reports_its_progress_while_loading(self) -> None:
        """In words and 0..1, never falling."""
        told: list[tuple[str, float]] = []
        kind = self.pipeline
        kind(self.load_params(), device=self.device, progress=lambda *said: told.append(said))
        shares = [share for _, share in told]
        hold(all(stage for stage, _ in told), "a stage must have a name")
        hold(shares == sorted(shares), "progress must not fall")
        hold(all(0 <= share <= 1 for share in shares), "progress must lie in 0..1")

    def test_the_same_seed_gives_the_same_pictures(self) -> None:
        """In one pipeline and in another one loaded alike."""
        one, other = self.fresh(), self.fresh()
        expected = self.run(one, one.open(7))
        hold(same(self.run(one, one.open(7)), expected), "the same seed gave other pictures")
        hold(same(self.run(other, other.open(7)), expected), "loading anew changed the pictures")

    def test_another_prompt_gives_other_pictures(self) -> None:
        """Already in the chunk after the change."""
        pipeline = self.fresh()
        one, other = pipeline.open(7), pipeline.open(7)
        before = same(self.chunk(pipeline, one, 0), self.chunk(pipeline, other, 0))
        hold(before, "equal streams differed before the prompt changed")
        after = same(self.chunk(pipeline, one, 0), self.chunk(pipeline, other, 1))
        hold(not after, "the prompt changed nothing")

    def test_a_transition_leads_from_one_prompt_to_the_other(self) -> None:
        """A glide runs without a gap and does not stay where it began."""
        pipeline = self.fresh()
        glided, stayed = pipeline.open(7), pipeline.open(7)
        schedule = PromptSchedule().with_prompts(self.prompt(0).mix).advance()
        for state in (glided, stayed):
            self.step(pipeline, state, schedule.step())
        target = Transition(self.prompt(1).mix, num_steps=3, method="slerp")
        moved = self.glide(pipeline, glided, schedule.with_transition(target))
        kept = self.glide(pipeline, stayed, schedule)
        hold(not same(moved, kept), "the transition changed nothing")

    def test_two_interleaved_streams_equal_two_separate_ones(self) -> None:
        """Nothing of a stream is on the pipeline object."""
        pipeline = self.fresh()
        alone = [self.run(pipeline, pipeline.open(which), which=which) for which in (0, 1)]
        states = [pipeline.open(which) for which in (0, 1)]
        together: list[list[Pixels]] = [[], []]
        for _ in range(self.chunks):
            for which in (0, 1):
                together[which].append(self.chunk(pipeline, states[which], which))
        for which in (0, 1):
            equal = same(np.concatenate(together[which]), alone[which])
            hold(equal, "a stream saw another one of the same pipeline")

    def test_two_streams_inside_their_steps_do_not_meet(self) -> None:
        """A step may be held between two pieces while another stream's runs."""
        pipeline = self.fresh()
        alone = [self.chunk(pipeline, pipeline.open(which), which) for which in (0, 1)]
        states = [pipeline.open(which) for which in (0, 1)]
        steps = [iter(self.pieces(pipeline, states[which], which)) for which in (0, 1)]
        pieces: list[list[Pixels]] = [[next(steps[0])], [next(steps[1])]]
        for which in (0, 1):
            pieces[which].extend(steps[which])
            equal = same(self.comparable(np.concatenate(pieces[which])), alone[which])
            hold(equal, "a stream saw another one between two pieces of a chunk")

    def test_a_reset_equals_a_fresh_stream(self) -> None:
        """A reset is a new state; what was made before leaves no trace in it."""
        pipeline = self.fresh()
        expected = self.run(pipeline, pipeline.open(3))
        self.run(pipeline, pipeline.open(4), which=1)
        hold(same(self.run(pipeline, pipeline.open(3)), expected), "an old stream left traces")

    def test_the_pictures_belong_to_the_caller(self) -> None:
        """They may be kept, and written to, while the stream goes on and its words change."""
        pipeline = self.fresh()
        told = [number % 2 for number in range(self.chunks)]
        plain, keeping, writing = (pipeline.open(5) for _ in range(3))
        expected = np.concatenate([self.chunk(pipeline, plain, which) for which in told])
        kept: list[Pixels] = []
        overwritten: list[Pixels] = []
        for which in told:
            kept.extend(self.pieces(pipeline, keeping, which))
            for piece in self.pieces(pipeline, writing, which):
                overwritten.append(piece.copy())
                piece[...] = 0
        for pieces in (kept, overwritten):
            whole = same(self.comparable(np.concatenate(pieces)), expected)
            hold(whole, "a yielded array was shared with the stream")

    def test_rolls_back_to_each_of_its_last_two_marks(self) -> None:
        """From up to two chunks later, again and again, and to marks taken after a roll-back."""
        pipeline = self.fresh()
        state = pipeline.open(6)
        self.chunk(pipeline, state, 0)
        older = pipeline.mark(state)
        second = self.chunk(pipeline, state, 0)
        newer = pipeline.mark(state)
        third = self.chunk(pipeline, state, 0)
        pipeline.rollback(state, newer)
        hold(same(self.chunk(pipeline, state, 0), third), "rolling back one chunk failed")
        pipeline.rollback(state, older)
        self.chunk(pipeline, state, 1)
        pipeline.rollback(state, older)
        anew = pipeline.mark(state)
        hold(same(self.chunk(pipeline, state, 0), second), "rolling back two chunks failed")
        hold(same(self.chunk(pipeline, state, 0), third), "the chunk after a roll-back differs")
        pipeline.rollback(state, anew)
        hold(same(self.chunk(pipeline, state, 0), second), "a mark after a roll-back failed")

    def test_rolls_back_a_chunk_that_was_abandoned(self) -> None:
        """After any piece; the step's iterator is closed first."""
        pipeline = self.fresh()
        state = pipeline.open(6)
        self.chunk(pipeline, state, 0)
        mark = pipeline.mark(state)
        expected = self.chunk(pipeline, state, 0)
        pipeline.rollback(state, mark)
        pieces = len(list(self.pieces(pipeline, state, 1)))
        for wanted in range(1, pieces + 1):
            pipeline.rollback(state, mark)
            step = pipeline.step(state, self.params(), self.prompt(1))
            for _ in range(wanted):
                next(step)
            getattr(step, "close", lambda: None)()
        pipeline.rollback(state, mark)
        hold(same(self.chunk(pipeline, state, 0), expected), "an abandoned chunk left traces")

    def test_goes_on_bit_for_bit_from_a_dump(self) -> None:
        """In the middle of a transition, and in a pipeline loaded anew."""
        pipeline = self.fresh()
        state = pipeline.open(8)
        schedule = PromptSchedule().with_prompts(self.prompt(0).mix).advance()
        self.step(pipeline, state, schedule.step())
        schedule = schedule.with_transition(Transition(self.prompt(1).mix, num_steps=4)).advance()
        self.step(pipeline, state, schedule.step())
        dumped = pipeline.dump(state)
        hold(type(dumped) is bytes, "dump must give bytes")
        expected = self.glide(pipeline, state, schedule)
        for again in (pipeline, self.fresh()):
            equal = same(self.glide(again, again.load(dumped), schedule), expected)
            hold(equal, "a stream went on differently from its dump")

    def test_refuses_bytes_that_are_no_dump(self) -> None:
        """With a ValueError, and without unpickling anything."""
        pipeline = self.fresh()
        state = pipeline.open(8)
        self.chunk(pipeline, state, 0)
        dumped = pipeline.dump(state)
        for wrong in (b"", b"nonsense", dumped[:-1], dumped[: len(dumped) // 2], PICKLED):
            try:
                pipeline.load(wrong)
            except ValueError:
                continue
            raise AssertionError(f"took {len(wrong)} bytes that are no dump")

    def test_its_memory_stays_flat(self) -> None:
        """Neither the state nor the process grows over a long stream."""
        pipeline = self.fresh()
        state = pipeline.open(9)
        sizes_mb: list[float] = []
        dumped: list[int] = []
        for steps in (max(20, self.flat_steps // 5), self.flat_steps):
            for _ in range(steps):
                pipeline.mark(state)
                for _ in self.pieces(pipeline, state, 0):
                    pass
            gc.collect()
            sizes_mb.append(resident_mb())
            dumped.append(len(pipeline.dump(state)))
        hold(dumped[0] == dumped[1], f"the state grew from {dumped[0]} to {dumped[1]} bytes")
        grown_mb = sizes_mb[1] - sizes_mb[0]
        hold(grown_mb < self.allowed_growth_mb, f"the process grew by {grown_mb:.1f} MiB")

    def test_closing_frees_it(self) -> None:
        """Nothing keeps a closed pipeline alive."""
        pipeline = self.fresh()
        self.chunk(pipeline, pipeline.open(1), 0)
        pipeline.close()
        alive = weakref.ref(pipeline)
        del pipeline
        gc.collect()
        hold(alive() is None, "something still holds the closed pipeline")
