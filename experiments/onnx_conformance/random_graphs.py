"""Networks drawn at random, exported by PyTorch: does the program compute what PyTorch does?

usage: random_graphs.py [--program FILE] [--count N] [--seed N] [--only TEXT] [--models FOLDER]

Residual, densely connected and inverted-residual networks and transformer blocks with odd sizes,
random weights and statistics, exported with operator sets 9, 11, 13 and 16 in turn, with a batch
(and a number of tokens) that is fixed or open, batch normalisation folded into convolutions by the
exporter or not. The outputs are to agree within 1e-4 of the largest value. Any difference ends with
status 1.
"""
import argparse
import collections
import contextlib
import itertools
import pathlib
import random
import sys
import tempfile
import warnings

import program as wattgrind

try:
    import numpy
    import torch
    from torch import nn
except ImportError as missing:
    wattgrind.skip(f"no {missing.name}: install Debian's python3-torch, and run with "
                   "/usr/bin/python3")

LARGEST_ERROR = 1e-4  # of the largest value of an output
OPERATOR_SETS = (9, 11, 13, 16)

# A drawn network: what it says of itself, the module, and its input.
Drawn = collections.namedtuple("Drawn", "words module image")


def odd(draw, low, high):
    return 2 * draw.randint(low // 2, (high - 1) // 2) + 1


# --- building blocks ------------------------------------------------------------------------------

ACTIVATIONS = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky relu": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,
    "swish": nn.SiLU,
    "hard swish": nn.Hardswish,
    "tanh": nn.Tanh,
}


def conv_norm(inputs, outputs, kernel=1, stride=1, groups=1, dilation=1):
    padding = dilation * (kernel - 1) // 2
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    """Two convolutions of 3x3, or three with a narrow middle, beside a way around them."""

    def __init__(self, draw, inputs, outputs, stride, activation):
        super().__init__()
        if draw.random() < 0.5:
            body = [*conv_norm(inputs, outputs, 3, stride), activation(),
                    *conv_norm(outputs, outputs, 3, dilation=draw.choice([1, 1, 2]))]
        else:
            middle = max(3, outputs // 2)
            body = [*conv_norm(inputs, middle), activation(),
                    *conv_norm(middle, middle, 3, stride), activation(),
                    *conv_norm(middle, outputs)]
        self.body = nn.Sequential(*body)
        around = conv_norm(inputs, outputs, 1, stride) if (inputs, stride) != (outputs, 1) else []
        self.around = nn.Sequential(*around)
        self.activation = activation()

    def forward(self, x):
        return self.activation(self.body(x) + self.around(x))


class DenselyConnected(nn.Module):
    """Layers that each read all maps before them."""

    def __init__(self, draw, inputs, growth, layers, activation):
        super().__init__()
        self.layers = nn.ModuleList()
        for number in range(layers):
            channels = inputs + number * growth
            self.layers.append(nn.Sequential(nn.BatchNorm2d(channels), activation(),
                                             nn.Conv2d(channels, growth, 3, padding=1)))
        self.outputs = inputs + layers * growth

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


class Excitation(nn.Module):
    """Channels weighed by what all pixels say together."""

    def __init__(self, channels, gate):
        super().__init__()
        narrow = max(1, channels // 4)
        self.weights = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, narrow, 1),
                                     nn.ReLU(), nn.Conv2d(narrow, channels, 1), gate())

    def forward(self, x):
        return x * self.weights(x)


class InvertedResidual(nn.Module):
    """Wide in the middle, with a depthwise convolution there."""

    def __init__(self, draw, inputs, outputs, stride, activation):
        super().__init__()
        wide = inputs * draw.randint(2, 4)
        body = [*conv_norm(inputs, wide), activation(),
                *conv_norm(wide, wide, draw.choice([3, 5]), stride, wide), activation()]
        if draw.random() < 0.5:
            body.append(Excitation(wide, draw.choice([nn.Sigmoid, nn.Hardsigmoid])))
        self.body = nn.Sequential(*body, *conv_norm(wide, outputs))
        self.has_sum = (inputs, stride) == (outputs, 1)

    def forward(self, x):
        return x + self.body(x) if self.has_sum else self.body(x)


class Attention(nn.Module):
    """Scaled products of queries and keys, heads apart; the projections at once or one by one."""

    def __init__(self, draw, heads, features):
        super().__init__()
        self.heads, self.features = heads, features
        self.at_once = nn.Linear(features, 3 * features) if draw.random() < 0.5 else None
        if self.at_once is None:
            self.apart = nn.ModuleList(nn.Linear(features, features) for _ in range(3))
        self.out = nn.Linear(features, features)

    def projections(self, x):
        images, tokens, _ = x.shape
        size = self.features // self.heads
        if self.at_once is not None:
            parts = self.at_once(x).reshape(images, tokens, 3, self.heads, size)
            return parts.permute(2, 0, 3, 1, 4)
        return [part(x).view(images, tokens, self.heads, size).transpose(1, 2)
                for part in self.apart]

    def forward(self, x):
        queries, keys, values = self.projections(x)
        scores = queries @ keys.transpose(-2, -1) / (self.features // self.heads) ** 0.5
        mixed = scores.softmax(-1) @ values
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


class TransformerBlock(nn.Module):
    """Normalised before each part, or after it."""

    def __init__(self, draw, heads, features):
        super().__init__()
        self.attention = Attention(draw, heads, features)
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(2))
        wide = features * 2 + 1
        self.wide = nn.Sequential(nn.Linear(features, wide), nn.GELU(), nn.Linear(wide, features))
        self.is_first = draw.random() < 0.5

    def forward(self, x):
        for part, norm in zip((self.attention, self.wide), self.norms):
            x = x + part(norm(x)) if self.is_first else norm(x + part(x))
        return x


# --- networks -------------------------------------------------------------------------------------

def stem(draw, outputs, activation):
    """From an image's three channels; the pool's windows may stick out of the map."""
    layers = [*conv_norm(3, outputs, draw.choice([3, 5, 7]), draw.choice([1, 2])), activation()]
    pool = draw.choice([None, nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True),
                        nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(2, 2, count_include_pad=False)])
    return layers + ([pool] if pool else [])


class Means(nn.Module):
    """The mean of each channel, in the two ways networks have it written."""

    def __init__(self, is_pool):
        super().__init__()
        self.is_pool = is_pool

    def forward(self, x):
        if not self.is_pool:
            return x.mean([2, 3])
        pooled = nn.functional.adaptive_avg_pool2d(x, 1)
        return pooled.view(pooled.shape[0], -1)


def head(draw, channels):
    classes = odd(draw, 5, 31)
    means = draw.choice([[nn.AdaptiveAvgPool2d(1), nn.Flatten()], [Means(True)], [Means(False)]])
    return [*means, nn.Linear(channels, classes),
            draw.choice([nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1)])]


def draw_blocks(draw, block):
    """A network of two to four blocks, each wider or not, its map smaller or not."""
    name = draw.choice(list(ACTIVATIONS))
    channels = odd(draw, 5, 23)
    layers = stem(draw, channels, ACTIVATIONS[name])
    widths = [channels]
    for _ in range(draw.randint(2, 4)):
        outputs = draw.choice([channels, odd(draw, 7, 37)])
        layers.append(block(draw, channels, outputs, draw.choice([1, 1, 2]), ACTIVATIONS[name]))
        channels = outputs
        widths.append(channels)
    words = f"{'-'.join(map(str, widths))} channels, {name}"
    return words, nn.Sequential(*layers, *head(draw, channels))


def draw_dense(draw):
    name = draw.choice(["relu", "elu", "leaky relu"])
    channels = odd(draw, 5, 19)
    layers = stem(draw, channels, ACTIVATIONS[name])
    widths = [channels]
    for _ in range(draw.randint(1, 3)):
        block = DenselyConnected(draw, channels, draw.randint(3, 9), draw.randint(2, 4),
                                 ACTIVATIONS[name])
        channels = block.outputs // 2
        layers += [block, *conv_norm(block.outputs, channels), nn.AvgPool2d(2, 2)]
        widths.append(channels)
    words = f"{'-'.join(map(str, widths))} channels, {name}"
    return words, nn.Sequential(*layers, *head(draw, channels))


def draw_transformer(draw):
    heads = draw.randint(2, 5)
    features = heads * draw.randint(3, 11)
    blocks = draw.randint(1, 2)
    inputs = odd(draw, 5, 17)
    words = f"{blocks} blocks of {heads} heads, {features} features"
    return words, inputs, nn.Sequential(nn.Linear(inputs, features),
                                        *(TransformerBlock(draw, heads, features)
                                          for _ in range(blocks)))


def randomise(module):
    """Affine parts and running statistics as a trained network has them: neither 0 nor 1."""
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.2)
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)


def draw_network(kind, seed):
    draw = random.Random(seed)
    torch.manual_seed(seed)
    batch = draw.randint(1, 3)
    if kind == "transformer":
        words, inputs, module = draw_transformer(draw)
        image = torch.randn(batch, odd(draw, 5, 41), inputs)
    else:
        blocks = {"residual": Residual, "inverted residual": InvertedResidual}
        words, module = draw_dense(draw) if kind == "dense" else draw_blocks(draw, blocks[kind])
        image = torch.randn(batch, 3, odd(draw, 33, 63), odd(draw, 33, 63))
    randomise(module)
    size = "x".join(map(str, image.shape))
    return Drawn(f"{words}, input {size}", module.eval(), image)


# --- export and comparison ------------------------------------------------------------------------

def export(drawn, file, operator_set, any_size, folds):
    """With sizes that the model leaves open: the batch, and of sequences the number of tokens."""
    open_axes = {0: "batch"} if drawn.image.dim() == 4 else {0: "batch", 1: "tokens"}
    training = torch.onnx.TrainingMode.EVAL if folds else torch.onnx.TrainingMode.PRESERVE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(drawn.module, drawn.image, str(file), opset_version=operator_set,
                          training=training, do_constant_folding=folds,
                          input_names=["image"], output_names=["result"],
                          dynamic_axes={"image": open_axes} if any_size else None)


def compare_outputs(program, drawn, file):
    """The largest error as a share of the largest value, and what was wrong."""
    with torch.no_grad():
        wanted = drawn.module.double()(drawn.image.double()).numpy()
    given, check = file.with_suffix(".input.npy"), file.with_suffix(".output.npy")
    numpy.save(given, drawn.image.numpy())
    numpy.save(check, wanted.astype(numpy.float32))
    bound = LARGEST_ERROR * float(numpy.abs(wanted).max())
    done = program.run(file, [("image", given)], [("result", check)], (0.0, bound))
    checks = wattgrind.report_of(done).get("checks", [{}])
    wrong = "" if done.returncode == wattgrind.AGREES else wattgrind.message_of(done)
    return checks[0].get("relative_to_largest"), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    wattgrind.add_program_option(parser)
    parser.add_argument("--count", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds that have this in their name")
    parser.add_argument("--models", type=pathlib.Path, help="keep models, inputs and outputs here")
    options = parser.parse_args()
    torch.set_num_threads(1)  # more would wait for each other beside the program
    program = wattgrind.Program(wattgrind.find_program(options.program))
    # Seven in turn with four operator sets: every kind meets every set.
    kinds = ("residual", "dense", "inverted residual") * 2 + ("transformer",)
    rows, wrongs = [], []
    with contextlib.ExitStack() as stack:
        folder = options.models or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        for number, kind in zip(range(options.count), itertools.cycle(kinds)):
            if options.only not in kind:
                continue
            seed = options.seed * 1000 + number
            drawn = draw_network(kind, seed)
            operator_set = OPERATOR_SETS[number % len(OPERATOR_SETS)]
            draw = random.Random(f"export {seed}")
            any_size, folds = draw.random() < 0.5, draw.random() < 0.5
            file = folder / f"{number:02d}_{kind.replace(' ', '_')}.onnx"
            export(drawn, file, operator_set, any_size, folds)
            error, wrong = compare_outputs(program, drawn, file)
            rows.append((number, kind, drawn.words, operator_set, "open" if any_size else "fixed",
                         "folded" if folds else "kept", "" if error is None else f"{error:.1e}",
                         "**wrong**" if wrong else ""))
            if wrong:
                wrongs.append(f"{number} ({kind}): {wrong}")
    wattgrind.print_table(("", "network", "drawn", "operator set", "sizes", "normalisation",
                           "largest error", ""), rows)
    for wrong in wrongs:
        print(f"\n{wrong}")
    if not rows or wrongs:
        sys.exit(1)


if __name__ == "__main__":
    main()
