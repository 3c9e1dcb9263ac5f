#include "estimator/dataflow/mit_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/key_values.h"

namespace wattgrind {
namespace {

constexpr uint64_t kMostValue = 1'000'000'000;
constexpr uint64_t kMostBits = 64;
constexpr uint64_t kMostZeros = uint64_t{1} << 53;

struct MitTensor {
  uint64_t height = 1, width = 1, channels = 1, count = 1, zeros = 0, bits = 1;

  uint64_t values() const { return saturated_product({height, width, channels, count}); }
};

struct MitLine {
  uint64_t index = 0;
  MitTensor ifmap, filter, ofmap;
  uint64_t stride_rows = 1, stride_columns = 1, top = 0, bottom = 0, left = 0, right = 0;
};

// Reads the numbers of a line one after the other.
class LineReader {
 public:
  LineReader(std::string_view line, std::string where) : where_(std::move(where)) {
    for (const std::string_view field : split(line, ',')) fields_.push_back(trimmed(field));
    if (fields_.size() != kMitColumns) {
      reject(fmt::format("found {} numbers, wanted {}", fields_.size(), kMitColumns));
    }
  }

  uint64_t next(const char* what, uint64_t least, uint64_t most) {
    const std::string_view field = fields_[next_++];
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() || value < least ||
        value > most) {
      reject(fmt::format("column {} ({}): found {}, wanted a whole number from {} to {}", next_,
                         what, quote_json(std::string(field)), least, most));
    }
    return value;
  }

  MitTensor next_tensor() {
    MitTensor tensor;
    tensor.height = next("height", 1, kMostValue);
    tensor.width = next("width", 1, kMostValue);
    tensor.channels = next("channels", 1, kMostValue);
    tensor.count = next("number", 1, kMostValue);
    tensor.zeros = next("zero values", 0, kMostZeros);
    tensor.bits = next("bits", 1, kMostBits);
    if (tensor.zeros > tensor.values()) {
      reject(fmt::format("found {} zero values among {}, wanted at most all", tensor.zeros,
                         tensor.values()));
    }
    return tensor;
  }

  [[noreturn]] void reject(const std::string& what) const {
    fail(ErrorKind::kInput, "{}: {}", where_, what);
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  }

  const std::string where_;
  std::vector<std::string_view> fields_;
  size_t next_ = 0;
};

void check_output(const LineReader& reader, const char* axis, uint64_t input, uint64_t filter,
                  uint64_t stride, uint64_t output) {
  const uint64_t wanted = input < filter ? 0 : (input - filter) / stride + 1;
  if (output != wanted) {
    reader.reject(fmt::format(
        "found an output {} {}, wanted {}: the padded input has {}, the filter {}, stride {}",
        output, axis, wanted, input, filter, stride));
  }
}

void check_line(const LineReader& reader, const MitLine& line) {
  check_output(reader, "high", line.ifmap.height + line.top + line.bottom, line.filter.height,
               line.stride_rows, line.ofmap.height);
  check_output(reader, "wide", line.ifmap.width + line.left + line.right, line.filter.width,
               line.stride_columns, line.ofmap.width);
  if (line.ifmap.channels % line.filter.channels != 0 ||
      line.filter.count % (line.ifmap.channels / line.filter.channels) != 0) {
    reader.reject(
        fmt::format("found {} filters of {} channels for a map of {}, wanted equal groups of both",
                    line.filter.count, line.filter.channels, line.ifmap.channels));
  }
  if (line.ofmap.channels != line.filter.count) {
    reader.reject(fmt::format("found {} output channels, wanted one a filter: {}",
                              line.ofmap.channels, line.filter.count));
  }
  if (line.ofmap.count != line.ifmap.count) {
    reader.reject(fmt::format("found {} output maps, wanted one an input map: {}", line.ofmap.count,
                              line.ifmap.count));
  }
}

double share(const MitTensor& tensor) {
  return static_cast<double>(tensor.zeros) / static_cast<double>(tensor.values());
}

DataflowTask task_of(const MitLine& line, const LineReader& reader) {
  DataflowTask task;
  task.name = fmt::format("layer{}", line.index);
  task.kind =
      line.ofmap.height * line.ofmap.width == 1 && line.stride_rows == 1 ? "dense" : "conv2d";
  LayerProblem problem;
  problem.groups = line.ifmap.channels / line.filter.channels;
  problem.images = line.ifmap.count;
  problem.filters = line.filter.count / problem.groups;
  problem.channels = line.filter.channels;
  problem.ofmap_rows = line.ofmap.height;
  problem.ofmap_columns = line.ofmap.width;
  problem.filter_rows = problem.span_rows = line.filter.height;
  problem.filter_columns = problem.span_columns = line.filter.width;
  problem.stride_rows = line.stride_rows;
  problem.stride_columns = line.stride_columns;
  if (problem.macs() > kMostLayerMacs || line.ifmap.values() > kMostLayerMacs) {
    reader.reject(fmt::format("found {:.3g} multiply-accumulates, wanted at most {:.3g}",
                              static_cast<double>(problem.macs()),
                              static_cast<double>(kMostLayerMacs)));
  }
  task.problem = problem;
  task.zeros = {share(line.ifmap), share(line.filter), share(line.ofmap)};
  task.bits = {static_cast<double>(line.ifmap.bits), static_cast<double>(line.filter.bits),
               static_cast<double>(line.ofmap.bits)};
  task.input = {line.ifmap.height, line.ifmap.width, line.top, line.bottom, line.left, line.right};
  return task;
}

MitLine read_line(LineReader& reader) {
  MitLine line;
  line.index = reader.next("index", 0, kMostValue);
  line.ifmap = reader.next_tensor();
  line.filter = reader.next_tensor();
  line.ofmap = reader.next_tensor();
  line.stride_rows = reader.next("stride down", 1, kMostValue);
  line.stride_columns = reader.next("stride across", 1, kMostValue);
  line.top = reader.next("padding at the top", 0, kMostValue);
  line.bottom = reader.next("padding at the bottom", 0, kMostValue);
  line.left = reader.next("padding at the left", 0, kMostValue);
  line.right = reader.next("padding at the right", 0, kMostValue);
  return line;
}

uint64_t zero_count(const std::optional<double>& zeros, uint64_t values) {
  return static_cast<uint64_t>(std::llround(zeros.value_or(0) * static_cast<double>(values)));
}

void append_tensor(MitTensor tensor, const std::optional<double>& zeros, double bits,
                   std::vector<uint64_t>& numbers) {
  tensor.zeros = zero_count(zeros, tensor.values());
  numbers.insert(numbers.end(), {tensor.height, tensor.width, tensor.channels, tensor.count,
                                 tensor.zeros, static_cast<uint64_t>(bits)});
}

}  // namespace

DataflowTasks read_mit_file(std::string_view text, std::string_view where) {
  require_plain_text(text, where);
  DataflowTasks tasks;
  tasks.network = where.substr(where.rfind('/') + 1);
  size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    LineReader reader(line, fmt::format("{}:{}", where, number));
    const MitLine values = read_line(reader);
    check_line(reader, values);
    DataflowTask task = task_of(values, reader);
    task.reads_network_input = tasks.layers.empty();
    tasks.images = static_cast<int64_t>(task.problem->images);
    tasks.layers.push_back(std::move(task));
  }
  if (tasks.layers.empty()) {
    fail(ErrorKind::kInput, "{}: found no layer, wanted {} numbers a line", where, kMitColumns);
  }
  return tasks;
}

std::string write_mit_file(const DataflowTasks& tasks, const Accelerator& accelerator) {
  std::string text;
  uint64_t index = 0;
  for (const DataflowTask& task : tasks.layers) {
    if (!task.problem || task.problem->pooling || task.kind == "matmul") continue;
    const LayerProblem& problem = *task.problem;
    std::array<double, kDataKinds> bits{};
    for (size_t kind = 0; kind < kDataKinds; ++kind) {
      bits[kind] = task.bits ? (*task.bits)[kind] : accelerator.word_bits[kind].value;
    }
    std::vector<uint64_t> numbers = {++index};
    append_tensor(
        {task.input.rows, task.input.columns, problem.channels * problem.groups, problem.images},
        task.zeros.ifmap, bits[index_of(DataKind::kIfmap)], numbers);
    append_tensor({problem.span_rows, problem.span_columns, problem.channels,
                   problem.filters * problem.groups},
                  task.zeros.weights, bits[index_of(DataKind::kWeights)], numbers);
    append_tensor({problem.ofmap_rows, problem.ofmap_columns, problem.filters * problem.groups,
                   problem.images},
                  task.zeros.ofmap, bits[index_of(DataKind::kPsum)], numbers);
    numbers.insert(numbers.end(), {problem.stride_rows, problem.stride_columns, task.input.top,
                                   task.input.bottom, task.input.left, task.input.right});
    text += fmt::format("{}\n", fmt::join(numbers, ","));
  }
  return text;
}

}  // namespace wattgrind
