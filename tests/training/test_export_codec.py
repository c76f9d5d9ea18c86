"""The exported codec and the torch codec say the same."""

import numpy as np
import onnxruntime
import torch

from training.codec.model import Codec, CodecShape
from training.export.codec import decoder_graph, encoder_graph

SIZE = (32, 48)


def tiny_codec() -> Codec:
    torch.manual_seed(0)
    codec = Codec(CodecShape(latent=4, widths=(8, 8, 12, 16))).eval().requires_grad_(False)
    codec.latent_mean += torch.randn(1, 4, 1, 1)
    codec.latent_std += 0.5
    return codec


def session(model) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model.SerializeToString())


def test_decoding_a_stream_gives_the_same_pictures():
    codec = tiny_codec()
    graph = session(decoder_graph(codec, SIZE, half=False))
    latents = torch.randn(1, 3, 4, 2, 3)
    expected = (codec.decode_clip(latents)[0] * 255).round().permute(0, 2, 3, 1).numpy()
    memory, parts = np.zeros((1, 4, 2, 3), np.float32), []
    for latent in latents.unbind(1):
        feed = {"latent": latent.numpy(), "memory": memory}
        pixels, memory = graph.run(["pixels", "next_memory"], feed)
        parts.append(pixels)
    assert np.abs(np.concatenate(parts).astype(float) - expected).max() <= 1


def test_encoding_gives_the_same_latent():
    codec = tiny_codec()
    graph = session(encoder_graph(codec, SIZE, half=False))
    pixels = torch.randint(256, (4, *SIZE, 3), dtype=torch.uint8)
    expected = codec.encode(pixels.permute(0, 3, 1, 2)[None] / 255)
    (latent,) = graph.run(None, {"pixels": pixels.numpy()})
    np.testing.assert_allclose(latent, expected.numpy(), atol=1e-3)
