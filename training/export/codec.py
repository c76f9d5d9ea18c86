"""The codec as ONNX graphs: latents to pictures with a memory, and pictures to latents.

Decides that graphs speak uint8 pictures [T, H, W, 3] and normalised latents. It walks the layers
of training.codec.model and does not know how they were trained.
"""

import numpy as np
import onnx
from torch import nn

from training.codec.model import PICTURES, SPACE, Block, Codec, Decoder, Down, Recall, Up
from training.export.graph import Graph


def decoder_graph(codec: Codec, size: tuple[int, int], *, half: bool = True) -> onnx.ModelProto:
    """latent [1, C, h, w] and memory to pixels uint8 [4, H, W, 3] and next_memory."""
    height, width = size
    channels, grid = codec.shape.latent, (height // SPACE, width // SPACE)
    kept: list[int | str] = [1, codec.shape.memory, *grid]
    graph = Graph("decoder", half=half)
    latent, memory = graph.input("latent", [1, channels, *grid]), graph.input("memory", kept)
    raw = graph.op("Mul", latent, graph.constant(codec.latent_std.numpy()))
    raw = graph.op("Add", raw, graph.constant(codec.latent_mean.numpy()))
    y = _Walker(graph).decoder(codec.decoder, raw, memory)
    y = graph.op("Clip", y, graph.constant(np.float32(-1)), graph.constant(np.float32(1)))
    shown = graph.op("Mul", y, graph.constant(np.float32(127.5)))
    shown = graph.op("Add", shown, graph.constant(np.float32(128.0)))
    shown = graph.transpose(graph.reshape(shown, PICTURES, 3, height, width), 0, 2, 3, 1)
    pixels = graph.op("Cast", shown, to=onnx.TensorProto.UINT8)
    graph.output("pixels", pixels, [PICTURES, height, width, 3], "uint8")
    if codec.shape.picture_memory:
        last = graph.channels(y, -3, PICTURES * 3)
        raw = graph.op("Concat", raw, _Walker(graph).unshuffle(last, SPACE), axis=1)
    graph.output("next_memory", raw, kept)
    return graph.model()


def encoder_graph(codec: Codec, size: tuple[int, int], *, half: bool = True) -> onnx.ModelProto:
    """pixels uint8 [4, H, W, 3] to a normalised latent [1, C, h, w]."""
    height, width = size
    graph = Graph("encoder", half=half)
    pixels = graph.input("pixels", [PICTURES, height, width, 3], "uint8")
    y = graph.op("Cast", pixels, to=onnx.TensorProto.FLOAT)
    y = graph.reshape(graph.transpose(y, 0, 3, 1, 2), 1, PICTURES * 3, height, width)
    y = graph.op("Mul", y, graph.constant(np.float32(2 / 255)))
    y = graph.op("Add", y, graph.constant(np.float32(-1)))
    raw = _Walker(graph).run(codec.encoder.layers, y, "encoder")
    centred = graph.op("Sub", raw, graph.constant(codec.latent_mean.numpy()))
    latent = graph.op("Div", centred, graph.constant(codec.latent_std.numpy()))
    shape: list[int | str] = [1, codec.shape.latent, height // SPACE, width // SPACE]
    graph.output("latent", latent, shape)
    return graph.model()


class _Walker:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def run(self, layers: nn.Sequential, value: str, name: str) -> str:
        for index, layer in enumerate(layers):
            value = self._layer(layer, value, f"{name}.{index}")
        return value

    def decoder(self, decoder: Decoder, raw: str, memory: str) -> str:
        """Layers and recalls; -1…1 and not clamped."""
        graph, channels = self.graph, decoder.latent
        before, picture = memory, ""
        if decoder.recalls:
            before = graph.channels(memory, 0, channels)
            folded = graph.channels(memory, channels, channels + 3 * SPACE**2)
            picture = self._shuffle(folded, SPACE)
        value = graph.op("Concat", raw, before, axis=1)
        recalls = iter(enumerate(decoder.recalls))
        for index, layer in enumerate(decoder.layers):
            value = self._layer(layer, value, f"decoder.{index}")
            if picture and isinstance(layer, Up):
                place, recall = next(recalls)
                assert isinstance(recall, Recall)
                seen = self.unshuffle(picture, recall.cell)
                said = self._conv(recall.mix, seen, f"decoder.recalls.{place}.mix")
                value = graph.op("Add", value, said)
        return value

    def _layer(self, layer: nn.Module, value: str, name: str) -> str:
        graph = self.graph
        match layer:
            case nn.Conv2d():
                return self._conv(layer, value, name)
            case nn.ReLU():
                return graph.op("Relu", value)
            case nn.PixelShuffle():
                return self._shuffle(value, layer.upscale_factor)
            case nn.PixelUnshuffle():
                return self.unshuffle(value, layer.downscale_factor)
            case Down():
                return self._conv(layer.mix, self.unshuffle(value, 2), f"{name}.mix")
            case Up():
                return self._shuffle(self._conv(layer.mix, value, f"{name}.mix"), 2)
            case Block():
                y = self._conv(layer.first, graph.op("Relu", value), f"{name}.first")
                y = self._conv(layer.second, graph.op("Relu", y), f"{name}.second")
                return graph.op("Add", value, y)
        raise TypeError(f"no ONNX form for {type(layer).__name__}")

    def _conv(self, layer: nn.Conv2d, value: str, name: str) -> str:
        assert layer.bias is not None
        weight = self.graph.weight(f"{name}.weight", layer.weight.detach().numpy())
        bias = self.graph.weight(f"{name}.bias", layer.bias.detach().numpy())
        pad = int(layer.kernel_size[0]) // 2
        return self.graph.op("Conv", value, weight, bias, pads=[pad] * 4)

    def _shuffle(self, value: str, factor: int) -> str:
        return self.graph.op("DepthToSpace", value, blocksize=factor, mode="CRD")

    def unshuffle(self, value: str, factor: int) -> str:
        """torch orders channels (channel, row, column), SpaceToDepth (row, column, channel)."""
        graph, many = self.graph, factor * factor
        y = graph.op("SpaceToDepth", value, blocksize=factor)
        shape = graph.op("Shape", y)
        start, end = (graph.constant(np.array([n], np.int64)) for n in (2, 4))
        tail = graph.op("Slice", shape, start, end)
        split = graph.op("Concat", graph.constant(np.array([1, many, -1], np.int64)), tail, axis=0)
        y = graph.transpose(graph.op("Reshape", y, split), 0, 2, 1, 3, 4)
        joint = graph.op("Concat", graph.constant(np.array([1, -1], np.int64)), tail, axis=0)
        return graph.op("Reshape", y, joint)
