import numpy as np
import pytest

from training.evaluation.cases import free_cases
from training.world.attributes import BIOMES, HELD_OUT, KEYS, Attributes, is_held_out, sample
from training.world.captions import write
from training.world.phrases import PHRASES
from training.world.scene import PICTURES_PER_LATENT, render, sample_scene


def test_a_seed_gives_the_same_clip_every_time() -> None:
    first, again = (render(sample_scene(5), pictures=4) for _ in range(2))

    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.targets, again.targets)
    assert first.scene == again.scene


def test_seeds_and_splits_give_different_scenes() -> None:
    scenes = {sample_scene(5), sample_scene(6), sample_scene(5, split="valid")}

    assert len({scene.seed for scene in scenes}) == 3


@pytest.mark.parametrize("split", ["train", "valid", "phrases"])
def test_held_out_combinations_are_never_drawn_outside_their_split(split: str) -> None:
    scenes = [sample_scene(seed, split=split, changing=0.5) for seed in range(600)]

    assert not any(is_held_out(part) for scene in scenes for part in scene.parts)


def test_the_combos_split_draws_every_held_out_rule_and_nothing_else() -> None:
    drawn = [sample_scene(seed, split="combos", changing=0).parts[0] for seed in range(400)]

    assert all(is_held_out(attributes) for attributes in drawn)
    for rule in HELD_OUT:
        assert any(rule.items() <= attributes.as_dict().items() for attributes in drawn), rule


def test_captions_mention_only_what_is_true() -> None:
    rng = np.random.default_rng(1)
    for _ in range(600):
        attributes = sample(rng, split="train")
        text, mentioned = write(attributes, rng)
        lower = text.lower()
        for key in KEYS:
            own = getattr(attributes, key)
            said = _said(lower, key)
            assert not said or own in said, (key, own, said, text)
            if key in mentioned:
                assert own in PHRASES[key]


def _said(text: str, key: str) -> set[str]:
    """The values of a key whose unmistakable clauses are in the text."""
    return {
        value
        for value, words in PHRASES[key].items()
        for clause in (*words.clauses, *words.kept)
        if f" {clause.removeprefix('and ')}" in f" {text}" and len(clause) > 9
    }


def test_kept_phrasings_appear_in_their_split_only() -> None:
    kept = {phrase for words in PHRASES.values() for w in words.values() for phrase in w.kept}
    rng = np.random.default_rng(2)

    def uses_kept(split: str) -> list[bool]:
        texts = [write(sample(rng, split="train"), rng, split=split)[0] for _ in range(300)]
        return [any(phrase in text.lower() for phrase in kept) for text in texts]

    assert not any(uses_kept("train"))
    assert sum(uses_kept("phrases")) > 255


RARER = (
    "metropolis | silence | wonderland | hong kong | bedtime | umbrellas up | elephant | "
    "paradise | turquoise | zion | hamlet | antique | isle | penguin | pampas | stromboli | "
    "hurling | hoodoo | ochre | merciless | kruger | crashes | pond | thick haze | overcast | "
    "afternoon | first light | last light of day | fluffy | ink-free | grey-scale | vintage "
    "print | gorge | sandstone | gather over"
)
"""What the free prompts of the evaluation say that is not everybody's first word for it."""


def test_the_rarer_words_of_the_free_prompts_are_not_taught() -> None:
    asked = " ".join(case.prompt.lower() for case in free_cases())
    taught = [
        phrasing
        for values in PHRASES.values()
        for words in values.values()
        for phrasing in (*words.nouns, *words.clauses, *words.adjectives)
    ]
    for word in RARER.split(" | "):
        assert word in asked, word
        assert not [phrasing for phrasing in taught if word in phrasing], word


def test_no_phrasing_of_a_value_is_kept_and_taught_or_there_twice() -> None:
    for attribute, values in PHRASES.items():
        for value, words in values.items():
            for kind in (words.nouns, words.clauses, words.adjectives, words.kept):
                assert len(set(kind)) == len(kind), (attribute, value)
            taught = {*words.nouns, *words.clauses, *words.adjectives}
            assert words.kept, (attribute, value)
            assert not taught & set(words.kept), (attribute, value)


def test_captions_speak_of_everything_and_of_parts() -> None:
    rng = np.random.default_rng(3)
    spoken = [write(sample(rng, split="train"), rng)[1] for _ in range(600)]

    assert {key for keys in spoken for key in keys} == set(KEYS)
    assert min(len(keys) for keys in spoken) <= 2
    assert max(len(keys) for keys in spoken) >= 6


@pytest.mark.parametrize("biome", BIOMES)
def test_token_targets_are_shares_depths_and_lights(biome: str) -> None:
    seed = next(n for n in range(10_000) if sample_scene(n).parts[0].biome == biome)

    clip = render(sample_scene(seed, changing=0), pictures=PICTURES_PER_LATENT)

    targets = clip.targets.astype(np.float32)
    assert targets.shape == (1, 60, 10)
    assert np.abs(targets[..., :8].sum(axis=-1) - 1).max() < 5e-3
    assert targets.min() >= 0
    assert targets.max() <= 1.001
    grid = targets[0].reshape(6, 10, 10)
    assert grid[0, :, :3].sum(axis=-1).mean() > 0.3, "the top row is mostly sky"
    assert grid[5, :, 8].mean() < grid[0, :, 8].mean(), "the bottom is nearer than the top"


def test_light_targets_follow_the_pixels() -> None:
    clip = render(sample_scene(11), pictures=PICTURES_PER_LATENT)
    cells = clip.pixels[2].reshape(6, 32, 10, 32, 3).mean(axis=(1, 3, 4)) / 255

    assert np.abs(cells.ravel() - clip.targets[0, :, 9].astype(np.float32)).max() < 0.01


def test_a_changing_clip_starts_as_one_scene_and_ends_as_the_other() -> None:
    scene = next(s for s in map(_changing, range(100)) if s.parts[0].time != s.parts[1].time)
    assert scene.change_frame is not None
    alone = [
        render(type(scene)(scene.seed, (part,), ("",), ((),), None)).pixels for part in scene.parts
    ]

    clip = render(scene).pixels

    assert np.array_equal(clip[0], alone[0][0])
    assert np.array_equal(clip[-1], alone[1][-1])


def _changing(seed: int):  # type: ignore[no-untyped-def]
    return sample_scene(seed, changing=1.0)


def test_motion_is_smooth_from_picture_to_picture() -> None:
    calm = Attributes("ocean", "day", "clear", "none", "none", "sailboat", "pan left", "natural")
    scene = type(sample_scene(0))(3, (calm,), ("",), ((),), None)

    pixels = render(scene, pictures=8).pixels.astype(np.float32)

    steps = np.abs(np.diff(pixels, axis=0)).mean(axis=(1, 2, 3))
    assert steps.min() > 0.05
    assert steps.max() < 2.5 * steps.min()


def test_other_sizes_keep_the_composition() -> None:
    small = render(sample_scene(8), pictures=4, height=96, width=160).pixels[0]
    large = render(sample_scene(8), pictures=4, height=192, width=320).pixels[0]

    shrunk = large.reshape(96, 2, 160, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 12
