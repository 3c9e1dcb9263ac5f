"""Whole networks with random weights, every map beside PyTorch's.

usage: networks.py [--program FILE] [--only TEXT] [--seed N] [--copies FOLDER]

Of every network in the data's folder `onnx`:
- its multiply-accumulates, as the program counts them, beside a count of the graph's own shapes and
  beside published figures;
- as it is, where the suite has its output: the suite's input, element i of n being i / n;
- a copy with random weights (He-scaled, so that signals neither die nor grow): every map that both
  have, and the output, within 1e-4 of the largest value, PyTorch computing with 64 bits;
- the copy's weights in a file of their own, given to the original graph and to the network file
  that `wattgrind networks` writes.
Any difference ends with status 1.
"""
import argparse
import math
import pathlib
import sys
import tempfile

import program as wattgrind

try:
    import numpy
    import onnx
    import torch
    from onnx import numpy_helper

    import graph_in_torch
except ImportError as missing:
    wattgrind.skip(f"no {missing.name}: install Debian's python3-onnx and python3-torch, and run "
                   "with /usr/bin/python3")

LARGEST_ERROR = 1e-4  # of the largest value of a map

# Operators that only see their input's map in another way, and so may have none of their own.
VIEWS = {"Dropout", "Flatten", "Reshape", "Transpose"}

# Millions a batch of one, by others' count (the convolutions, dense layers and products alone).
PUBLISHED_MACS = {
    "light_bvlc_alexnet": 654.56,
    "light_inception_v1": 1431.56,
    "light_resnet50": 4089.18,
    "light_squeezenet": 349.15,
    "light_vgg19": 19632.06,
    "mlperftiny_resnet8": 12.50,
    "zigzag_resnet18": 1814.07,
}


# --- copies with random weights -------------------------------------------------------------------

def he_scaled(random, dims, inputs):
    return random.standard_normal(dims) * math.sqrt(2 / inputs)


# By operator and number of the input: what is drawn for it.
DRAWN = {
    ("Conv", 1): lambda random, dims, node: he_scaled(random, dims, math.prod(dims[1:])),
    ("Conv", 2): lambda random, dims, node: 0.1 * random.standard_normal(dims),
    ("Gemm", 1): lambda random, dims, node: he_scaled(
        random, dims, dims[1 if graph_in_torch.attributes_of(node).get("transB", 0) else 0]),
    ("Gemm", 2): lambda random, dims, node: 0.1 * random.standard_normal(dims),
    # A dense layer's, reshaped before it is used: outputs x inputs.
    ("Reshape", 0): lambda random, dims, node: he_scaled(random, dims, dims[-1]),
    ("BatchNormalization", 1): lambda random, dims, node: random.uniform(0.5, 1.5, dims),
    ("BatchNormalization", 2): lambda random, dims, node: 0.1 * random.standard_normal(dims),
    ("BatchNormalization", 3): lambda random, dims, node: 0.1 * random.standard_normal(dims),
    # Sums of residual blocks grow; with smaller variances the softmax behind them would saturate.
    ("BatchNormalization", 4): lambda random, dims, node: random.uniform(1, 4, dims),
}


def dims_of_constants(graph):
    """Shapes of initialisers, and of the constants that nodes make of a shape."""
    initialisers = {proto.name: proto for proto in graph.initializer}
    dims = {name: list(proto.dims) for name, proto in initialisers.items()}
    for node in graph.node:
        if node.op_type == "ConstantOfShape":
            dims[node.output[0]] = numpy_helper.to_array(initialisers[node.input[0]]).tolist()
    return dims


def with_random_weights(model, seed):
    """A copy whose every weight is an initialiser with random values."""
    random = numpy.random.default_rng(seed)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    dims = dims_of_constants(graph)
    drawn = {}
    for node in graph.node:
        for number, name in enumerate(node.input):
            if (node.op_type, number) in DRAWN and name in dims and name not in drawn:
                values = DRAWN[node.op_type, number](random, dims[name], node)
                drawn[name] = values.astype(numpy.float32)
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    used = {name for node in nodes for name in node.input}
    kept = [proto for proto in graph.initializer if proto.name in used and proto.name not in drawn]
    lost = {proto.name for proto in graph.initializer} - {proto.name for proto in kept}
    inputs = [i for i in graph.input if i.name not in lost]
    if copy.ir_version < 4:  # initialisers are inputs too
        inputs += [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, values.shape)
                   for name, values in drawn.items()]
    for field, values in ((graph.node, nodes), (graph.initializer, kept), (graph.input, inputs)):
        copies = [type(value).FromString(value.SerializeToString()) for value in values]
        del field[:]
        field.extend(copies)
    for name, values in drawn.items():
        graph.initializer.append(numpy_helper.from_array(values, name))
    return copy


def name_nodes(model):
    """Gives every node a short name of its own: layers, and so maps, are named after nodes."""
    for number, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{number}"


def image_input(model):
    """Name and shape of the one input that is no initialiser."""
    initialisers = {proto.name for proto in model.graph.initializer}
    value, = [i for i in model.graph.input if i.name not in initialisers]
    return value.name, [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]


# --- comparisons ----------------------------------------------------------------------------------

def relative_error(found, wanted):
    """The largest difference, as a share of the largest value wanted."""
    if not numpy.isfinite(found).all():
        return math.inf
    return float(numpy.abs(found - wanted).max() / max(float(numpy.abs(wanted).max()), 1e-30))


def same_map(kept, tensor):
    """A kept map, images x channels x rows x columns, as a tensor that has these axes first."""
    dims = list(tensor.shape) + [1] * (4 - len(tensor.shape))
    return kept.reshape(tensor.shape) if list(kept.shape) == dims else None


class Comparison:
    """One network's columns of the table, and what went wrong."""

    def __init__(self, name):
        self.name = name
        self.columns = {}
        self.wrong = []

    def hold(self, column, text, is_right, why=""):
        self.columns[column] = text if is_right else f"**{text}**"
        if not is_right:
            self.wrong.append(f"{column}: {why or text}")


class NetworkCheck:
    def __init__(self, program, file, folder, seed):
        self.program, self.file, self.folder, self.seed = program, file, folder, seed
        self.comparison = Comparison(file.stem)

    def run(self):
        model = onnx.load(str(self.file), load_external_data=False)
        copy = with_random_weights(model, self.seed)
        onnx.checker.check_model(copy)
        self.draw_input(copy)
        exact, macs = graph_in_torch.evaluate(copy, self.given, torch.float64)
        self.compare_macs(macs)
        self.compare_suite_output()
        self.write_wanted(exact[copy.graph.output[0].name].numpy())
        self.compare_weights_apart(copy)
        name_nodes(copy)
        self.compare_maps(copy, exact)
        return self.comparison

    def place(self, ending):
        return self.folder / f"{self.file.stem}.{ending}"

    def draw_input(self, copy):
        self.input_name, dims = image_input(copy)
        values = numpy.random.default_rng(self.seed + 1).standard_normal(dims).astype(numpy.float32)
        self.input_file = self.place("input.npy")
        numpy.save(self.input_file, values)
        self.given = {self.input_name: torch.from_numpy(values)}

    def compare_macs(self, macs):
        published = PUBLISHED_MACS.get(self.file.stem)
        try:
            found = self.program.multiply_accumulates(self.file)
        except RuntimeError as error:
            self.comparison.hold("MACs (M)", "refused", False, str(error))
            return
        is_right = found == macs and published in (None, round(found / 1e6, 2))
        self.comparison.hold("MACs (M)", f"{found / 1e6:.2f}", is_right,
                             f"found {found}, the graph's shapes give {macs}, published "
                             f"{published} M")

    def compare_suite_output(self):
        wanted = self.file.parent / f"{self.file.stem}_output_0.pb"
        if not wanted.is_file():
            return
        dims = list(self.given[self.input_name].shape)
        ramp = (numpy.arange(math.prod(dims)) / math.prod(dims)).astype(numpy.float32).reshape(dims)
        file = self.place("ramp.npy")
        numpy.save(file, ramp)
        done = self.program.run(self.file, [(self.input_name, file)], [("", wanted)], (1e-3, 1e-7))
        self.hold_check("as it is", done)

    def hold_check(self, column, done):
        checks = wattgrind.report_of(done).get("checks", [{}])
        error = checks[0].get("relative_to_largest")
        text = "refused" if error is None else f"{error:.1e}"
        self.comparison.hold(column, text, done.returncode == wattgrind.AGREES,
                             wattgrind.message_of(done) if done.returncode else "")

    def write_wanted(self, output):
        file = self.place("output.npy")
        numpy.save(file, output.astype(numpy.float32))
        self.wanted = [("", file)]
        self.tolerance = (0.0, LARGEST_ERROR * float(numpy.abs(output).max()))

    def compare_maps(self, copy, exact):
        file, maps = self.place("random.onnx"), self.place("maps")
        onnx.save(copy, str(file))
        done = self.program.run(file, [(self.input_name, self.input_file)], self.wanted,
                                self.tolerance, "--keep", maps)
        self.hold_check("output", done)
        output = copy.graph.output[0].name
        single, _ = graph_in_torch.evaluate(copy, self.given, torch.float32)
        self.comparison.columns["output, PyTorch with 32 bits"] = \
            f"{relative_error(single[output].numpy(), exact[output].numpy()):.1e}"
        self.compare_kept(copy, exact, maps)

    def compare_kept(self, copy, exact, maps):
        errors, missing = {}, []
        for node in copy.graph.node:
            file = maps / f"{node.name}.npy"
            wanted = exact[node.output[0]].numpy()
            found = same_map(numpy.load(file), wanted) if file.is_file() else None
            if found is None:
                missing.append(node.op_type)
            else:
                errors[node.name] = relative_error(found, wanted)
        text = f"{len(errors)} of {len(copy.graph.node)}"
        self.comparison.columns["maps compared"] = text
        self.comparison.hold("without a map", ", ".join(sorted(set(missing))) or "none",
                             VIEWS.issuperset(missing))
        worst = max(errors, key=errors.get, default=None)
        largest = errors.get(worst, math.inf)
        first = next((f"{name} is off by {error:.1e}" for name, error in errors.items()
                      if not error <= LARGEST_ERROR), "no map")
        self.comparison.hold("worst map", f"{largest:.1e}", largest <= LARGEST_ERROR, first)

    def compare_weights_apart(self, copy):
        """The copy's weights from a file, on the graph that has others and on the network file."""
        file, network = self.place("apart.onnx"), self.place("json")
        weights = self.place("safetensors")
        onnx.save(copy, str(file))
        written = self.program.call("networks", file, "--weights", weights, "--format", "json",
                                    "-o", network)
        file.unlink()
        if written.returncode != 0:
            self.comparison.hold("weights apart", "refused", False, wattgrind.message_of(written))
            return
        for column, graph in (("weights apart", self.file), ("network file", network)):
            done = self.program.run(graph, [("", self.input_file)], self.wanted, self.tolerance,
                                    "--weights", weights)
            self.hold_check(column, done)


COLUMNS = ("MACs (M)", "as it is", "maps compared", "without a map", "worst map", "output",
           "output, PyTorch with 32 bits", "weights apart", "network file")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    wattgrind.add_program_option(parser)
    parser.add_argument("--only", default="", help="networks that have this in their name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copies", type=pathlib.Path, help="keep copies, inputs and maps here")
    options = parser.parse_args()
    files = [file for file in sorted(wattgrind.data_folder("onnx").glob("*.onnx"))
             if options.only in file.stem]
    torch.set_num_threads(1)  # more would wait for each other beside the program
    program = wattgrind.Program(wattgrind.find_program(options.program))
    comparisons = []
    for file in files:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.copies or pathlib.Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            comparisons.append(NetworkCheck(program, file, folder, options.seed).run())
        print(f"{file.stem}: done", file=sys.stderr)
    wattgrind.print_table(("network", *COLUMNS), [
        (c.name, *(c.columns.get(column, "") for column in COLUMNS)) for c in comparisons])
    for comparison in comparisons:
        for wrong in comparison.wrong:
            print(f"\n{comparison.name}: {wrong}")
    if not comparisons or any(comparison.wrong for comparison in comparisons):
        sys.exit(1)


if __name__ == "__main__":
    main()
