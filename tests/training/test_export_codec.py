"""The exported codec and the torch codec say the same."""

import numpy as np
import onnxruntime
import pytest
import torch

from training.codec.model import Codec, CodecShape
from training.export.codec import decoder_graph, encoder_graph

SIZE = (32, 48)


def tiny_codec(*, picture_memory: bool = False) -> Codec:
    torch.manual_seed(0)
    shape = CodecShape(latent=4, widths=(8, 8, 12, 16), picture_memory=picture_memory)
    codec = Codec(shape).eval().requires_grad_(False)
    for recall in codec.decoder.recalls:
        torch.nn.init.normal_(recall.mix.weight, std=0.05)
    codec.latent_mean += torch.randn(1, 4, 1, 1)
    codec.latent_std += 0.5
    return codec


def session(model) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString())


@pytest.mark.parametrize("picture_memory", [False, True])
def test_decoding_a_stream_gives_the_same_pictures(picture_memory: bool):
    codec = tiny_codec(picture_memory=picture_memory)
    graph = session(decoder_graph(codec, SIZE, half=False))
    latents = torch.randn(1, 3, 4, 2, 3)
    expected = (codec.decode_clip(latents)[0] * 255).round().permute(0, 2, 3, 1).numpy()
    memory, parts = codec.empty_memory(latents[:, 0]).numpy(), []
    for latent in latents.unbind(1):
        feed = {"latent": latent.numpy(), "memory": memory}
        pixels, memory = graph.run(["pixels", "next_memory"], feed)
        parts.append(pixels)
    assert np.abs(np.concatenate(parts).astype(float) - expected).max() <= 1


def test_the_graph_remembers_what_the_codec_remembers():
    codec = tiny_codec(picture_memory=True)
    latent = torch.randn(1, 4, 2, 3)
    memory = torch.rand_like(codec.empty_memory(latent)) * 2 - 1
    _, expected = codec.decode(latent, memory)
    graph = session(decoder_graph(codec, SIZE, half=False))
    (found,) = graph.run(["next_memory"], {"latent": latent.numpy(), "memory": memory.numpy()})
    assert found.shape == (1, 4 + 768, 2, 3)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_encoding_gives_the_same_latent():
    codec = tiny_codec()
    graph = session(encoder_graph(codec, SIZE, half=False))
    pixels = torch.randint(256, (4, *SIZE, 3), dtype=torch.uint8)
    expected = codec.encode(pixels.permute(0, 3, 1, 2)[None] / 255)
    (latent,) = graph.run(None, {"pixels": pixels.numpy()})
    np.testing.assert_allclose(latent, expected.numpy(), atol=1e-3)
