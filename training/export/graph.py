"""A small builder of ONNX graphs.

Decides how weights are stored: as float16 with a cast to float32, which ONNX Runtime folds when it
loads, so that files are small and arithmetic is float32. Or, for products, as 8-bit numbers with a
scale for each output, multiplied with inputs that are rounded to 8 bits on the way. It does not
know any model.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
MICROSOFT = "com.microsoft"
MOST = 64
"""Largest of a product's 8-bit weights. Processors without VNNI add two products in 16 bits that
saturate: 2 · 255 · 64 is the most that fits."""
_KINDS = {"float": TensorProto.FLOAT, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8}
Shape = list[int | str]


class Graph:
    def __init__(self, name: str, *, half: bool = True, eight_bit: bool = False) -> None:
        self.name = name
        self.half = half
        self.eight_bit = eight_bit
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, shape: Shape, kind: str = "float") -> str:
        self._inputs.append(helper.make_tensor_value_info(name, _KINDS[kind], shape))
        return name

    def output(self, name: str, value: str, shape: Shape, kind: str = "float") -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _KINDS[kind], shape))

    def constant(self, array: NDArray[Any]) -> str:
        """A small constant, kept as it is."""
        name = self._fresh("constant")
        self._initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def weight(self, name: str, array: NDArray[Any]) -> str:
        """A trained tensor, stored once however often it is asked for."""
        cast = f"{name}.f32"
        if name not in self._initializers:
            stored = np.ascontiguousarray(array, np.float16 if self.half else np.float32)
            self._initializers[name] = numpy_helper.from_array(stored, name)
            self._nodes.append(helper.make_node("Cast", [name], [cast], to=TensorProto.FLOAT))
        return cast

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        names = [self._fresh(kind) for _ in range(outputs)]
        node = helper.make_node(kind, list(inputs), names, domain=domain, **attributes)
        self._nodes.append(node)
        return names

    def reshape(self, value: str, *shape: int) -> str:
        return self.op("Reshape", value, self.constant(np.array(shape, np.int64)))

    def transpose(self, value: str, *order: int) -> str:
        return self.op("Transpose", value, perm=list(order))

    def channels(self, value: str, start: int, end: int) -> str:
        """A slice of the second axis."""
        edges = (self.constant(np.array([n], np.int64)) for n in (start, end, 1))
        return self.op("Slice", value, *edges)

    def linear(self, value: str, name: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """weight is [out, in] as torch keeps it."""
        if self.eight_bit:
            return self._eight_bit_linear(value, name, weight, bias)
        product = self.op("MatMul", value, self.weight(f"{name}.weight", weight.T))
        return self.op("Add", product, self.weight(f"{name}.bias", bias))

    def _eight_bit_linear(
        self, value: str, name: str, weight: NDArray[Any], bias: NDArray[Any]
    ) -> str:
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-8) / MOST
        rounded = np.round(weight / scale[:, None]).astype(np.int8)
        zero = self.constant(np.zeros(len(scale), np.int8))
        return self.op(
            "DynamicQuantizeMatMul",
            value,
            self.constant(rounded.T),
            self.constant(scale.astype(np.float32)),
            zero,
            self.weight(f"{name}.bias", bias),
            domain=MICROSOFT,
        )

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes,
            self.name,
            self._inputs,
            self._outputs,
            list(self._initializers.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _fresh(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"
