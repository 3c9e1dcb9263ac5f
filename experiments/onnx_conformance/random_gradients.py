"""Networks drawn at random, one training step: are the gradients those of PyTorch?

usage: random_gradients.py [--gradients FILE] [--count N] [--seed N] [--only TEXT] [--models FOLDER]

Residual, densely connected and inverted-residual networks and transformers as random_graphs.py
draws them, and networks of what else moves, joins or scales maps: padding, dilation, resizing,
transposed and depthwise convolution, instance normalisation. Each ends with softmax, and is
exported by PyTorch with its batch normalisations kept. The loss is the mean cross-entropy of a
batch. Every parameter's gradient is to agree with PyTorch's of 64 bits within 1e-4 of the largest
of its layer, and so are the running means. Any difference ends with status 1.

Exported parameters lose their names and their order of axes, so tensors are found by their values,
which no two of them share.
"""
import argparse
import contextlib
import copy
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import program as wattgrind
import random_graphs as graphs
from random_graphs import numpy, torch, nn

LARGEST_ERROR = 1e-4  # of the largest gradient of a layer's weights or bias
CLASSES = 7


# --- networks -------------------------------------------------------------------------------------

class Both(nn.Module):
    """Two ways beside each other, joined by their channels, a product or the larger value."""

    def __init__(self, draw, first, second, join):
        super().__init__()
        self.first, self.second, self.join = first, second, join

    def forward(self, x):
        first, second = self.first(x), self.second(x)
        if self.join == "concat":
            return torch.cat([first, second], 1)
        if self.join == "product":
            return first * torch.sigmoid(second)
        if self.join == "maximum":
            return torch.maximum(first, second)
        return first - second


def draw_moving(draw):
    """Maps that are padded, dilated, resized, transposed and joined."""
    channels = graphs.odd(draw, 5, 11)
    layers = [*graphs.conv_norm(3, channels, 3), nn.SiLU()]
    words = []
    pads = {"reflect": lambda: nn.ReflectionPad2d((1, 2, 2, 1)),
            "edge": lambda: nn.ReplicationPad2d((2, 0, 1, 3)),
            "zeros": lambda: nn.ConstantPad2d((0, 1, 2, 1), 0.5)}
    resizes = {"nearest": lambda: nn.Upsample(scale_factor=2),
               "bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
               "corners": lambda: nn.Upsample(size=(17, 23), mode="bilinear", align_corners=True),
               "transposed": lambda: nn.ConvTranspose2d(channels, channels, 3, 2, 1)}
    pools = {"max": lambda: nn.MaxPool2d(3, 2, 1),
             "mean": lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False)}
    activations = (nn.Sigmoid, nn.Tanh, nn.ReLU6, nn.GELU, lambda: nn.PReLU(channels),
                   nn.Hardswish, nn.Softplus)
    for _ in range(draw.randint(2, 3)):
        pad, resize, pool = draw.choice(list(pads)), draw.choice(list(resizes)), draw.choice(
            list(pools))
        join = draw.choice(["concat", "product", "maximum", "difference"])
        dilation = draw.choice([2, 3])
        dilated = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        depthwise = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, groups=channels),
                                  draw.choice([nn.BatchNorm2d, lambda c: nn.InstanceNorm2d(
                                      c, affine=True)])(channels), draw.choice(activations)())
        layers += [pads[pad](), Both(draw, dilated, depthwise, join)]
        wide = 2 * channels if join == "concat" else channels
        layers += [nn.Conv2d(wide, channels, 1), draw.choice(activations)(), pools[pool](),
                   resizes[resize](), nn.Conv2d(channels, channels, 3, 2)]
        words.append(f"{pad} pad, {join}, {pool} pool, {resize}")
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES), nn.Softmax(1)]
    return "; ".join(words), nn.Sequential(*layers)


class MeanOfTokens(nn.Module):
    def forward(self, x):
        return x.mean(1)


def randomise(module):
    """No two parameters alike, biases neither."""
    graphs.randomise(module)
    for part in module.modules():
        if isinstance(part, nn.InstanceNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.2)
        if isinstance(part, nn.PReLU):
            nn.init.uniform_(part.weight, 0.1, 0.4)


def draw_network(kind, seed):
    """A network that ends with softmax of a vector, and a batch of images."""
    draw = random.Random(f"gradients {seed}")
    batch = draw.choice([3, 5])
    if kind == "moving":
        torch.manual_seed(seed)
        words, module = draw_moving(draw)
        image = torch.randn(batch, 3, graphs.odd(draw, 13, 25), graphs.odd(draw, 13, 25))
        randomise(module)
        words += f", input {'x'.join(map(str, image.shape))}"
        return graphs.Drawn(words, module, image)
    drawn = graphs.draw_network(kind, seed)
    image = drawn.image
    if kind == "transformer":
        image = torch.randn(batch, *image.shape[1:])
    else:
        image = torch.randn(batch, 3, graphs.odd(draw, 33, 43), graphs.odd(draw, 33, 43))
    words = drawn.words[:drawn.words.rindex(" ") + 1] + "x".join(map(str, image.shape))
    layers = list(drawn.module)
    if kind == "transformer":
        features = layers[0].out_features
        layers += [MeanOfTokens(), nn.Linear(features, CLASSES), nn.Softmax(1)]
    else:
        layers[-1] = nn.Softmax(1)
    return graphs.Drawn(words, nn.Sequential(*layers), image)


# --- kinks ----------------------------------------------------------------------------------------

# Where the slope of an activation jumps. Rounding decides on which side a value this near is, as a
# share of its map's largest, and one value may be a hundredth of a gradient.
KINKS = {nn.ReLU: (0,), nn.LeakyReLU: (0,), nn.PReLU: (0,), nn.ReLU6: (0, 6),
         nn.Hardswish: (-3, 3), nn.Hardsigmoid: (-3, 3)}
NEAR = 1e-6
MOST_BATCHES = 400  # of a network, before another is drawn


def is_near_kink(part, inputs):
    x = inputs[0].detach()
    margin = NEAR * x.abs().max()
    if isinstance(part, nn.MaxPool2d):
        return pools_nearly_equal(part, x, margin)
    if isinstance(part, Both) and part.join == "maximum":
        return bool(((part.first(x) - part.second(x)).abs() <= margin).any())
    return any(bool(((x - kink).abs() <= margin).any()) for kink in KINKS.get(type(part), ()))


def pools_nearly_equal(pool, x, margin):
    """Whether another value of a window is the largest once all are moved a little."""
    def places(values):
        return nn.functional.max_pool2d(values, pool.kernel_size, pool.stride, pool.padding,
                                        ceil_mode=pool.ceil_mode, return_indices=True)[1].flatten(2)
    flat, first = x.flatten(2), places(x)
    for _ in range(4):
        other = places(x + margin * (2 * torch.rand_like(x) - 1))
        if bool((flat.gather(2, first) != flat.gather(2, other)).any()):
            return True
    return False


class NearKink(Exception):
    """Ends the way through a network."""


def refuse_near_kinks(part, inputs):
    if is_near_kink(part, inputs):
        raise NearKink


def draw_smooth(kind, seed):
    """A network and a batch of which no rounding takes a value over a kink."""
    for attempt in itertools.count():
        drawn = draw_network(kind, seed + attempt * 1_000_000)
        module = copy.deepcopy(drawn.module).double().train()
        for part in module.modules():
            part.register_forward_pre_hook(refuse_near_kinks)
        for _ in range(MOST_BATCHES):
            image = torch.randn_like(drawn.image)
            with contextlib.suppress(NearKink), torch.no_grad():
                module(image.double())
                return drawn._replace(image=image)


# --- gradients ------------------------------------------------------------------------------------

def gradients_in_torch(module, image, labels, dtype):
    """Of each parameter by name, and the running means after the step by their layers' names."""
    trained = copy.deepcopy(module).to(dtype).train()
    logits = trained[:-1](image.to(dtype))
    nn.functional.cross_entropy(logits, labels).backward()
    found = {name: parameter.grad.numpy() for name, parameter in trained.named_parameters()}
    means = {name: part.running_mean.numpy() for name, part in trained.named_modules()
             if isinstance(part, nn.BatchNorm2d)}
    return found, means


def read_safetensors(file):
    data = file.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = numpy.frombuffer(data[8 + size + begin:8 + size + end], "<f4")
    return tensors


def by_value(values, gradients):
    """The tensor's values in order, and the gradients of each: summed where values are equal."""
    distinct, places = numpy.unique(values.reshape(-1), return_inverse=True)
    sums = numpy.zeros(len(distinct))
    numpy.add.at(sums, places, gradients.reshape(-1).astype(numpy.float64))
    return distinct.tobytes(), sums


def layer_of(name):
    return name.rpartition(".")[0]


def scale_of(name, wanted):
    """What an error of a tensor's gradient is a share of: a bias's is a sum whose terms may cancel,
    and before a normalisation it is zero, so that its layer's largest says more than its own."""
    largest = max(numpy.abs(gradient).max() for other, gradient in wanted.items()
                  if layer_of(other) == layer_of(name))
    return max(largest, 1e-30)  # a layer behind dead values has no gradients at all


def compare(module, tensors, wanted, means):
    """The largest error as a share of a layer's largest gradient, what is wrong, and the number of
    tensors compared."""
    ours, names = {}, {}
    for name, values in tensors.items():
        if f"gradient.{name}" in tensors and not name.endswith(".statistics"):
            key, sums = by_value(values, tensors[f"gradient.{name}"])
            ours[key], names[key] = sums, name
    error, wrong, compared = 0.0, [], 0
    for name, parameter in module.named_parameters():
        key, sums = by_value(parameter.detach().numpy(), wanted[name])
        if key not in ours:
            wrong.append(f"{name} is no parameter here")
            continue
        share = numpy.abs(ours.pop(key) - sums).max() / scale_of(name, wanted)
        compared += 1
        if not share <= LARGEST_ERROR:
            wrong.append(f"{name}: off by {share:.1e} of its layer's largest")
        error = max(error, share)
        layer = layer_of(name)
        if layer in means and name.endswith(".weight"):
            held = tensors[f"gradient.{layer_of(names[key])}.statistics"]
            held = held[:len(held) // 2]
            share = numpy.abs(held - means[layer]).max() / numpy.abs(means[layer]).max()
            if not share <= LARGEST_ERROR:
                wrong.append(f"{layer}: running means off by {share:.1e} of the largest")
            error = max(error, share)
    wrong += [f"{names[key]} is no parameter in PyTorch" for key in ours]
    return error, wrong, compared


def error_of_32_bits(module, image, labels, wanted):
    """Of PyTorch itself, as a share of the largest gradient of a layer."""
    found, _ = gradients_in_torch(module, image, labels, torch.float32)
    return max(numpy.abs(found[name] - gradient).max() / scale_of(name, wanted)
               for name, gradient in wanted.items())


def check(program, drawn, seed, operator_set, file):
    classes = drawn.module[-2].out_features
    labels = torch.from_numpy(numpy.random.default_rng(seed).integers(
        0, classes, drawn.image.shape[0]))
    drawn.module.eval()
    graphs.export(drawn, file, operator_set, any_size=False, folds=False)
    wanted, means = gradients_in_torch(drawn.module, drawn.image, labels, torch.float64)
    images, chosen, written = (file.with_suffix(end) for end in (
        ".images.npy", ".labels.npy", ".safetensors"))
    numpy.save(images, drawn.image.numpy())
    numpy.save(chosen, labels.numpy().astype(numpy.float32))
    done = subprocess.run([program, file, images, chosen, written], capture_output=True, text=True)
    if done.returncode != 0:
        return None, [wattgrind.message_of(done)], 0, None
    error, wrong, compared = compare(drawn.module, read_safetensors(written), wanted, means)
    return error, wrong, compared, error_of_32_bits(drawn.module, drawn.image, labels, wanted)


def find_gradients(given):
    candidates = [given] if given else [wattgrind.SOURCES / build / "onnx_gradients"
                                        for build in ("build-release", "build")]
    for program in candidates:
        if program.is_file():
            return program
    sys.exit("no program: found none of " + ", ".join(map(str, candidates)) +
             "; build it with cmake --build --preset release --target onnx_gradients")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gradients", type=pathlib.Path,
                        help="onnx_gradients (default: the one built here)")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds that have this in their name")
    parser.add_argument("--models", type=pathlib.Path, help="keep models and gradients here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    program = find_gradients(options.gradients)
    kinds = ("residual", "moving", "dense", "transformer", "inverted residual")
    rows, wrongs = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.models or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for number, kind in zip(range(options.count), itertools.cycle(kinds)):
            if options.only not in kind:
                continue
            seed = options.seed * 1000 + number
            drawn = draw_smooth(kind, seed)
            operator_set = (11, 13, 16)[number % 3]
            error, wrong, compared, narrow = check(
                program, drawn, seed, operator_set,
                folder / f"{number:02d}_{kind.replace(' ', '_')}.onnx")
            rows.append((number, kind, drawn.words, operator_set, compared,
                         "" if error is None else f"{error:.1e}",
                         "" if narrow is None else f"{narrow:.1e}", "**wrong**" if wrong else ""))
            wrongs += [f"{number} ({kind}): {text}" for text in wrong]
    wattgrind.print_table(("", "network", "drawn", "operator set", "tensors", "largest error",
                           "PyTorch with 32 bits", ""), rows)
    for wrong in wrongs:
        print(f"\n{wrong}")
    if not rows or wrongs:
        sys.exit(1)


if __name__ == "__main__":
    main()
