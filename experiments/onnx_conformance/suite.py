"""ONNX's own backend tests on `wattgrind run`, a line an operator.

usage: suite.py [--program FILE] [--only TEXT] [--torch]

Each test is a model of a few nodes with inputs and the outputs they should give. `passed`: every
output agrees within the suite's tolerance (1e-3 relative, 1e-5 absolute) and has the shape wanted,
and, asked for the outputs with one value changed, the program says that they differ. `unsupported`:
the program refuses the model, naming the nodes; where a second output is what it refuses, the first
is tried alone, and must not be wrong. Everything else is `wrong`, and ends with status 1.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile

import program as wattgrind

try:
    import numpy
    import onnx
    from onnx import numpy_helper
except ImportError as missing:
    wattgrind.skip(f"no {missing.name}: install Debian's python3-onnx, and run with "
                   "/usr/bin/python3")

TOLERANCE = (1e-3, 1e-5)
PASSED, UNSUPPORTED, WRONG = OUTCOMES = ("passed", "unsupported", "wrong")
# What the program says, behind the file's name, of nodes or of an input that it cannot have.
REFUSAL = re.compile(r"model\.onnx: (?:\d+ of \d+ nodes? (?:is|are) not supported: )?(.*)$")

Result = collections.namedtuple("Result", "test operator outcome reason")


def numbered(folder, prefix):
    """input_0.pb, input_1.pb ... by their numbers."""
    return sorted(folder.glob(f"{prefix}_*.pb"), key=lambda file: int(file.stem.split("_")[1]))


def names_of(model):
    """The names of what goes in and out, in order; old files list initialisers as inputs too."""
    initialisers = {proto.name for proto in model.graph.initializer}
    return ([i.name for i in model.graph.input if i.name not in initialisers],
            [o.name for o in model.graph.output])


def operator_of(model, test):
    """What a test is about: its operator, the one its name begins with, or all it has."""
    made = [node.op_type for node in model.graph.node if node.op_type != "Constant"]
    if len(made) == 1:
        return made[0]
    name = test.split("/")[1].removeprefix("test_")
    if not name.endswith("_expanded"):
        return " + ".join(dict.fromkeys(made))
    known = {schema.name.lower(): schema.name for schema in onnx.defs.get_all_schemas()}
    known["mvn"] = "MeanVarianceNormalization"
    plain = name.replace("_", "")
    return known[max((k for k in known if plain.startswith(k)), key=len)] + ", in parts"


def changed(file, folder):
    """A copy of a tensor with its first value off by far too much; none of an empty one."""
    array = numpy.array(numpy_helper.to_array(onnx.load_tensor(str(file))))
    if array.size == 0:
        return None
    first = array.reshape(-1)[:1]
    if array.dtype == bool:
        first[0] = not first[0]
    elif numpy.issubdtype(array.dtype, numpy.integer):
        first ^= 64
    else:
        first[0] = 0 if numpy.isnan(first[0]) else first[0] + 100 + abs(first[0])
    copy = pathlib.Path(folder) / file.name
    copy.write_bytes(numpy_helper.from_array(array).SerializeToString())
    return copy


def with_first_output(model):
    """A copy of a model of one node that has nothing but its first output."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[1:]
    del copy.graph.node[-1].output[1:]
    return copy


class ProgramBackend:
    """Runs a test with the program."""

    def __init__(self, program):
        self.program = program

    def outcome(self, model_file, model, inputs, outputs):
        outcome, reason = self.outcome_of_all(model_file, inputs, outputs)
        if outcome != UNSUPPORTED or len(outputs) == 1:
            return outcome, reason
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "model.onnx"
            onnx.save(with_first_output(model), str(file))
            first, why = self.outcome_of_all(file, inputs, outputs[:1])
        if first == WRONG:
            return WRONG, f"its first output alone: {why}"
        return UNSUPPORTED, f"{reason} ({first} with its first output alone)"

    def outcome_of_all(self, model_file, inputs, outputs):
        done = self.program.run(model_file, inputs, outputs, TOLERANCE)
        if done.returncode == wattgrind.REFUSED:
            message = wattgrind.message_of(done)
            refusal = REFUSAL.search(message)
            if refusal and "not supported" in message:
                return UNSUPPORTED, refusal.group(1)
        if done.returncode != wattgrind.AGREES:
            return WRONG, f"status {done.returncode}: {wattgrind.message_of(done)}"
        wrong = self.wrong_shape(wattgrind.report_of(done), outputs)
        if wrong:
            return WRONG, wrong
        return self.outcome_when_changed(model_file, inputs, outputs)

    def wrong_shape(self, report, outputs):
        shapes = {output["name"]: output["shape"] for output in report.get("outputs", [])}
        for name, file in outputs:
            wanted = list(onnx.load_tensor(str(file)).dims)
            if shapes.get(name) != wanted:
                return f"output {name} has the shape {shapes.get(name)}, wanted {wanted}"
        return None

    def outcome_when_changed(self, model_file, inputs, outputs):
        with tempfile.TemporaryDirectory() as folder:
            for name, file in outputs:
                copy = changed(file, folder)
                if copy is None:
                    continue
                done = self.program.run(model_file, inputs, [(name, copy)], TOLERANCE)
                if done.returncode != wattgrind.DIFFERS:
                    return WRONG, f"agrees with a changed {file.name} too"
        return PASSED, ""


class TorchBackend:
    """Runs a test with the interpreter that networks.py takes for the truth."""

    def outcome(self, model_file, model, inputs, outputs):
        import torch
        import graph_in_torch
        given = {name: graph_in_torch.tensor_of(onnx.load_tensor(str(file)), torch.float64)
                 for name, file in inputs}
        try:
            made, _ = graph_in_torch.evaluate(model, given, torch.float64)
        except graph_in_torch.NotEvaluated as missing:
            return UNSUPPORTED, f"{missing}: not written"
        for name, file in outputs:
            if name not in made:
                return UNSUPPORTED, f"second output {name}: not written"
            wanted = numpy_helper.to_array(onnx.load_tensor(str(file)))
            found = made[name].numpy()
            if found.shape != wanted.shape or not numpy.allclose(found, wanted, *TOLERANCE):
                return WRONG, f"output {name} differs"
        return PASSED, ""


def run_test(folder, backend):
    test = f"{folder.parent.name}/{folder.name}"
    model_file = folder / "model.onnx"
    model = onnx.load(str(model_file))
    operator = operator_of(model, test)
    input_names, output_names = names_of(model)
    sets = sorted(folder.glob("test_data_set_*"))
    if not sets:
        return Result(test, operator, WRONG, "no test data")
    for data in sets:
        inputs = list(zip(input_names, numbered(data, "input"), strict=True))
        outputs = list(zip(output_names, numbered(data, "output"), strict=True))
        outcome, reason = backend.outcome(model_file, model, inputs, outputs)
        if outcome != PASSED:
            break
    return Result(test, operator, outcome, reason)


def print_results(results):
    by_operator = collections.defaultdict(list)
    for result in results:
        by_operator[result.operator].append(result)

    def counts(some):
        return [sum(result.outcome == outcome for result in some) for outcome in OUTCOMES]

    rows = [(operator, *(count or "" for count in counts(some)))
            for operator, some in sorted(by_operator.items(), key=lambda item: item[0].lower())]
    wattgrind.print_table(("operator", *OUTCOMES), [*rows, ("all", *counts(results))])
    for outcome in (UNSUPPORTED, WRONG):
        print(f"\n{outcome}:")
        for result in results:
            if result.outcome == outcome:
                print(f"  {result.test}: {result.reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    wattgrind.add_program_option(parser)
    parser.add_argument("--only", default="", help="tests that have this in their name")
    parser.add_argument("--torch", action="store_true", help="run graph_in_torch.py instead")
    options = parser.parse_args()
    data = wattgrind.data_folder("onnx_conformance")
    backend = TorchBackend() if options.torch else ProgramBackend(
        wattgrind.Program(wattgrind.find_program(options.program)))
    folders = [model.parent for model in sorted(data.glob("*/*/model.onnx"))
               if options.only in str(model)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda folder: run_test(folder, backend), folders))
    print_results(results)
    if not results or any(result.outcome == WRONG for result in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
