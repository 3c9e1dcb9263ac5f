"""An ONNX graph evaluated with PyTorch, node by node: what the program is held to.

Written from ONNX's operator documents alone, for the operators of the networks that networks.py
reads. `suite.py --torch` runs ONNX's own tests of these operators on it.
"""
import math

import numpy
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
MAX_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


class NotEvaluated(Exception):
    """An operator, or a use of one, that is not written here."""


def attributes_of(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def tensor_of(proto, dtype):
    array = numpy_helper.to_array(proto)
    tensor = torch.from_numpy(numpy.array(array))
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def window_of(attributes, sizes, kernel):
    """Strides, dilations and (begin, end) paddings of each axis of an image of `sizes`."""
    strides = attributes.get("strides", [1] * len(sizes))
    dilations = attributes.get("dilations", [1] * len(sizes))
    mode = attributes.get("auto_pad", b"NOTSET").decode()
    if mode == "NOTSET":
        pads = attributes.get("pads", [0] * 2 * len(sizes))
        return strides, dilations, list(zip(pads[:len(sizes)], pads[len(sizes):]))
    if mode == "VALID":
        return strides, dilations, [(0, 0)] * len(sizes)
    pairs = []
    for size, extent, stride, dilation in zip(sizes, kernel, strides, dilations):
        reach = (extent - 1) * dilation + 1
        total = max(0, (math.ceil(size / stride) - 1) * stride + reach - size)
        less, more = total // 2, total - total // 2
        pairs.append((less, more) if mode == "SAME_UPPER" else (more, less))
    return strides, dilations, pairs


def padded(x, pairs, value=0.0):
    """Torch wants the last axis's paddings first."""
    return F.pad(x, [p for pair in reversed(pairs) for p in pair], value=value)


def extra_for_ceil(attributes, sizes, kernel, strides, dilations, pairs):
    """What a last window that sticks out needs behind the padding, each axis.

    A window that would begin behind the image and the padding before it is not made.
    """
    if not attributes.get("ceil_mode", 0):
        return [(0, 0)] * len(sizes)
    extra = []
    for size, extent, stride, dilation, (begin, end) in zip(sizes, kernel, strides, dilations,
                                                            pairs):
        reach = (extent - 1) * dilation + 1
        windows = math.ceil((size + begin + end - reach) / stride) + 1
        if (windows - 1) * stride >= size + begin:
            windows -= 1
        extra.append((0, max(0, (windows - 1) * stride + reach - size - begin - end)))
    return extra


def conv(attributes, version, x, weight, bias=None):
    kernel = weight.shape[2:]
    strides, dilations, pairs = window_of(attributes, x.shape[2:], kernel)
    return CONVOLUTIONS[len(kernel)](padded(x, pairs), weight, bias, strides, 0, dilations,
                                     attributes.get("group", 1))


def max_pool(attributes, version, x):
    if attributes.get("storage_order", 0):
        raise NotEvaluated("indices by columns")
    kernel = attributes["kernel_shape"]
    strides, dilations, pairs = window_of(attributes, x.shape[2:], kernel)
    extra = extra_for_ceil(attributes, x.shape[2:], kernel, strides, dilations, pairs)
    x = padded(padded(x, pairs, -math.inf), extra, -math.inf)
    return MAX_POOLS[len(kernel)](x, kernel, strides, 0, dilations)


def average_pool(attributes, version, x):
    kernel = attributes["kernel_shape"]
    strides, dilations, pairs = window_of(attributes, x.shape[2:], kernel)
    if any(dilation != 1 for dilation in dilations):
        raise NotEvaluated("an average with dilation")
    extra = extra_for_ceil(attributes, x.shape[2:], kernel, strides, dilations, pairs)
    counted = padded(torch.ones_like(x), pairs, float(attributes.get("count_include_pad", 0)))
    pool = AVERAGE_POOLS[len(kernel)]
    sums, counts = (pool(padded(t, extra), kernel, strides) for t in (padded(x, pairs), counted))
    return sums / counts


def batch_normalization(attributes, version, x, scale, bias, mean, variance):
    if attributes.get("training_mode", 0):
        raise NotEvaluated("batch statistics")
    along_channels = [1, -1] + [1] * (x.dim() - 2)
    factor = scale / torch.sqrt(variance + attributes.get("epsilon", 1e-5))
    return ((x - mean.reshape(along_channels)) * factor.reshape(along_channels) +
            bias.reshape(along_channels))


def lrn(attributes, version, x):
    size = attributes["size"]
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    channels = x.shape[1]
    squares = F.pad(x * x, [0, 0] * (x.dim() - 2) + [before, after])
    total = sum(squares[:, i:i + channels] for i in range(size))
    base = attributes.get("bias", 1.0) + attributes.get("alpha", 1e-4) / size * total
    return x / base ** attributes.get("beta", 0.75)


def gemm(attributes, version, a, b, c=None):
    a = a.t() if attributes.get("transA", 0) else a
    b = b.t() if attributes.get("transB", 0) else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def softmax(attributes, version, x):
    if version >= 13:
        return torch.softmax(x, attributes.get("axis", -1))
    flat = flatten(attributes, version, x)
    return torch.softmax(flat, 1).reshape(x.shape)


def flatten(attributes, version, x):
    axis = attributes.get("axis", 1)
    rows = math.prod(x.shape[:axis + x.dim() if axis < 0 else axis])
    return x.reshape(rows, -1)


def reshape(attributes, version, x, shape):
    wanted = shape.tolist()
    if not attributes.get("allowzero", 0):
        wanted = [x.shape[i] if extent == 0 else extent for i, extent in enumerate(wanted)]
    return x.reshape(wanted)


def transpose(attributes, version, x):
    return x.permute(attributes.get("perm", list(reversed(range(x.dim())))))


OPERATORS = {
    "Add": lambda a, v, x, y: x + y,
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Concat": lambda a, v, *parts: torch.cat(parts, a["axis"]),
    "Conv": conv,
    "Dropout": lambda a, v, x, *rest: x,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": lambda a, v, x: x.mean(dim=list(range(2, x.dim())), keepdim=True),
    "LRN": lrn,
    "MaxPool": max_pool,
    "Relu": lambda a, v, x: torch.relu(x),
    "Reshape": reshape,
    "Softmax": softmax,
    "Sum": lambda a, v, *terms: sum(terms),
    "Transpose": transpose,
}


def multiply_accumulates(node, inputs, output):
    if node.op_type == "Conv":
        return output.numel() * math.prod(inputs[1].shape[1:])
    if node.op_type == "Gemm":
        return output.numel() * inputs[0].numel() // output.shape[0]
    return 0


def evaluate(model, inputs, dtype):
    """Every tensor that a node makes first, by its name, and the multiply-accumulates of all."""
    version = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    held = {name: t.to(dtype) if t.is_floating_point() else t for name, t in inputs.items()}
    initialisers = {proto.name: proto for proto in model.graph.initializer}
    made, macs = {}, 0
    with torch.no_grad():
        for node in model.graph.node:
            if node.op_type not in OPERATORS:
                raise NotEvaluated(node.op_type)
            # Weights are converted where they are used: two of VGG-19's at once would not fit.
            arguments = [None if not name else held[name] if name in held else
                         tensor_of(initialisers[name], dtype) for name in node.input]
            output = OPERATORS[node.op_type](attributes_of(node), version, *arguments)
            macs += multiply_accumulates(node, arguments, output)
            held[node.output[0]] = made[node.output[0]] = output
    return made, macs
