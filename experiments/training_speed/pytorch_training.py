"""Trains a network with PyTorch on one thread, and says how fast and how well.

usage: pytorch_training.py NETWORK.json DATA OPTIMIZER BATCH EPOCHS SECONDS SEED

NETWORK is a network file. DATA is a folder with train.pixels, test.pixels (float32, images of
28x28) and train.labels, test.labels (bytes). Training ends when EPOCHS are made and, the first
aside, SECONDS have gone; the first epoch is not timed. Weights begin as Keras's do (Glorot uniform,
biases 0), the optimisers have Keras's constants.
"""
import json
import sys
import time

import numpy
import torch
from torch import nn

EPSILON = 1e-7


def padding(layer):
    """The padding of a layer as torch takes it, and a module that pads where it is one-sided."""
    wanted = layer.get("padding", [0, 0, 0, 0])
    if wanted == "same":
        return "same", None
    if len(wanted) == 2:
        return tuple(wanted), None
    top, left, bottom, right = wanted
    if (top, left) == (bottom, right):
        return (top, left), None
    return 0, nn.ZeroPad2d((left, right, top, bottom))


def modules(network):
    channels, height, width = network["input"]
    shape = (channels, height, width)
    for layer in network["layers"]:
        kind = layer["kind"]
        made = []
        if kind == "conv2d":
            pad, padder = padding(layer)
            conv = nn.Conv2d(shape[0], layer["filters"], tuple(layer["kernel"]),
                             tuple(layer.get("stride", [1, 1])), pad)
            made = [padder, conv] if padder else [conv]
        elif kind == "maxpool2d":
            pad, padder = padding(layer)
            made = [nn.MaxPool2d(tuple(layer["kernel"]), tuple(layer.get("stride")), pad)]
        elif kind == "dense":
            made = [nn.Linear(shape[0], layer["units"])]
        elif kind == "relu":
            made = [nn.ReLU()]
        elif kind == "flatten":
            made = [nn.Flatten()]
        elif kind != "softmax":  # part of the loss
            raise SystemExit(f"no {kind} in PyTorch's part")
        for module in made:
            yield module
        with torch.no_grad():
            shape = tuple(nn.Sequential(*made)(torch.zeros(1, *shape)).shape[1:]) if made else shape


def initialise(model):
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)


def optimizer_of(name, parameters):
    if name == "adam":
        return torch.optim.Adam(parameters, lr=1e-3, eps=EPSILON)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=1e-3, alpha=0.9, eps=EPSILON)
    raise SystemExit(f"no optimiser {name}")


def read(folder, part):
    pixels = torch.from_numpy(numpy.fromfile(f"{folder}/{part}.pixels", dtype=numpy.float32))
    labels = torch.from_numpy(numpy.fromfile(f"{folder}/{part}.labels", dtype=numpy.uint8).astype("int64"))
    return pixels.reshape(len(labels), 1, 28, 28), labels


def train_epoch(model, optimizer, images, labels, batch):
    loss_of = nn.functional.cross_entropy
    order = torch.randperm(len(labels))
    for chosen in order.split(batch):
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(images[chosen]), labels[chosen]).backward()
        optimizer.step()


def main():
    network_file, folder, optimizer_name, batch, epochs, wanted_seconds, seed = sys.argv[1:]
    torch.set_num_threads(1)
    torch.manual_seed(int(seed))
    with open(network_file) as file:
        model = nn.Sequential(*modules(json.load(file)))
    initialise(model)
    optimizer = optimizer_of(optimizer_name, model.parameters())
    images, labels = read(folder, "train")
    train_epoch(model, optimizer, images, labels, int(batch))
    start = time.perf_counter()
    seconds, timed = 0, 0
    while timed + 1 < int(epochs) or seconds < float(wanted_seconds):
        train_epoch(model, optimizer, images, labels, int(batch))
        timed += 1
        seconds = time.perf_counter() - start
    test_images, test_labels = read(folder, "test")
    model.eval()
    with torch.no_grad():
        accuracy = (model(test_images).argmax(1) == test_labels).double().mean().item()
    print(json.dumps({"images_per_s": timed * len(labels) / seconds, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
