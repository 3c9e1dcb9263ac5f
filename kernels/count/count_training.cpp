#include "kernels/count/count_training.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/network/operations.h"
#include "kernels/count/counted_rows.h"
#include "kernels/program/training_program.h"

namespace wattgrind {
namespace {

constexpr std::string_view kStepNames[] = {"first", "steady", "last", "later", "later_last"};
constexpr std::string_view kPassNames[] = {"input", "forward", "backward", "update"};

// Steps of one training on one arena. Steps may copy from different batches of the data set, which
// are numbered from 0; each batch has buffers of its own for its images and labels.
class TrainingSteps {
 public:
  TrainingSteps(const Network& network, const Optimizer& optimizer, Isa isa, int64_t batch)
      : network_(network),
        optimizer_(optimizer),
        whole_(lower_training(network, optimizer, isa, batch)),
        arena_(whole_.program) {}

  // Adds a step on the images of batch number `images`.
  const TrainingProgram& add(size_t images) { return add(whole_, images); }
  const TrainingProgram& add_smaller(int64_t batch, size_t images) {
    if (!smaller_) smaller_ = lower_smaller_batch(whole_, network_, optimizer_, batch);
    return add(*smaller_, images);
  }

  // Returns every step that was added, and gives each the buffers of all.
  std::vector<const Program*> programs() {
    std::vector<const Program*> result;
    for (TrainingProgram& step : steps_) {
      step.program.buffers = arena_.buffers;
      result.push_back(&step.program);
    }
    return result;
  }

  const std::vector<TrainingProgram>& steps() const { return steps_; }
  uint64_t arena_bytes() const { return whole_.program.arena_bytes(); }

 private:
  struct Source {
    uint32_t images = 0, labels = 0;  // indices of buffers
  };

  const TrainingProgram& add(const TrainingProgram& step, size_t images) {
    while (sources_.size() <= images) sources_.push_back(make_source());
    TrainingProgram& added = steps_.emplace_back(step);
    Step& input = added.program.steps.front();
    CHECK(added.passes.front() == Pass::kInput, "{}: a step begins otherwise", network_.name);
    std::ranges::replace(input.buffers, whole_.images, sources_[images].images);
    std::ranges::replace(input.buffers, whole_.image_labels, sources_[images].labels);
    return added;
  }

  Source make_source() {
    if (sources_.empty()) return {whole_.images, whole_.image_labels};
    return {copy_of(whole_.images), copy_of(whole_.image_labels)};
  }

  uint32_t copy_of(uint32_t buffer) {
    ProgramBuffer copy = arena_.buffers[buffer];
    copy.name += ":" + std::to_string(sources_.size() + 1);
    return add_buffer(arena_, network_.name, std::move(copy));
  }

  const Network& network_;
  const Optimizer& optimizer_;
  const TrainingProgram whole_;
  std::optional<TrainingProgram> smaller_;
  Program arena_;  // the step of a whole batch, with the buffers of every batch added
  std::vector<Source> sources_;
  std::vector<TrainingProgram> steps_;
};

// The operations of a layer in a pass, without those on padding.
OperationCounts operations_of(const Layer& layer, Pass pass, uint64_t gradients, int64_t batch,
                              const Optimizer& optimizer) {
  const auto images = static_cast<uint64_t>(batch);
  switch (pass) {
    case Pass::kForward:
      return {layer.macs * images,
              (other_operations(layer) + other_training_operations(layer)) * images, 0};
    case Pass::kBackward:
      return {layer.macs * images * gradients, other_backward_operations(layer) * images, 0};
    case Pass::kUpdate:
      return {0, layer.parameters * update_operations(optimizer), 0};
    case Pass::kInput:
      return {};
  }
  CHECK(false, "pass {}", static_cast<int>(pass));
}

class StepRows {
 public:
  StepRows(const Network& network, const Optimizer& optimizer, const TrainingProgram& training,
           const CountedPass& counted)
      : network_(network),
        optimizer_(optimizer),
        training_(training),
        nothing_(no_events(counted.steps.at(0))) {
    rows_.emplace_back();
    rows_[0].name = rows_[0].kind = "input";
    rows_[0].output_shape = network.input();
    for (const Layer& layer : network.layers) {
      rows_.push_back(layer_row(layer));
    }
    for (size_t i = 0; i < training.program.steps.size(); ++i) add(i, counted);
    for (size_t i = 0; i < rows_.size(); ++i) finish(i);
  }

  std::vector<CountedRow> rows() && { return std::move(rows_); }

 private:
  void add(size_t index, const CountedPass& counted) {
    const Step& step = training_.program.steps[index];
    const auto row = static_cast<size_t>(step.layer - kNetworkInput);
    EventCounts events = counted.steps[index];
    events.bytes = bytes_of(step.references);
    PassCounts& pass = pass_of(rows_[row], training_.passes[index]);
    pass.counts = sum(pass.counts, events);
    if (!counted.tensors.empty()) add_tensors(counted.tensors[index], rows_[row].tensors);
    ++kernels_[{row, training_.passes[index]}];
    padding_macs_[{row, training_.passes[index]}] += step.padding_macs;
  }

  // Returns the row's part for a pass, which is added if the row has none.
  PassCounts& pass_of(CountedRow& row, Pass pass) const {
    const std::string_view name = kPassNames[static_cast<size_t>(pass)];
    const auto at = std::ranges::find(row.passes, name, &PassCounts::pass);
    if (at != row.passes.end()) return *at;
    return row.passes.emplace_back(PassCounts{std::string(name), {}, nothing_});
  }

  void finish(size_t index) {
    CountedRow& row = rows_[index];
    row.counts = nothing_;
    for (const auto& [key, kernels] : kernels_) {
      if (key.first != index || index == 0) continue;
      pass_of(row, key.second).operations = operations_of(
          network_.layers[index - 1], key.second, kernels, training_.program.batch, optimizer_);
      pass_of(row, key.second).operations.padding_macs = padding_macs_.at(key);
    }
    for (PassCounts& pass : row.passes) {
      row.counts = sum(row.counts, pass.counts);
      row.operations.macs += pass.operations.macs;
      row.operations.other += pass.operations.other;
      row.operations.padding_macs += pass.operations.padding_macs;
    }
  }

  const Network& network_;
  const Optimizer& optimizer_;
  const TrainingProgram& training_;
  const EventCounts nothing_;
  std::vector<CountedRow> rows_;                         // the input's row, then the layers'
  std::map<std::pair<size_t, Pass>, uint64_t> kernels_;  // how many each row has in a pass
  std::map<std::pair<size_t, Pass>, uint64_t> padding_macs_;
};

NetworkCounts empty_counts(const Network& network, int64_t batch, const CountOrigin& origin) {
  NetworkCounts counts;
  counts.network = network.name;
  counts.batch = batch;
  counts.images = static_cast<uint64_t>(batch);
  counts.origin = origin;
  return counts;
}

OperationCounts scaled(const OperationCounts& counts, uint64_t times) {
  const auto scale = [times](uint64_t count) {
    const auto product = checked_product({count, times});
    if (!product) fail(ErrorKind::kInput, "operations multiply to more than 64 bits hold");
    return *product;
  };
  return {scale(counts.macs), scale(counts.other), scale(counts.padding_macs)};
}

// The events of all steps of a kind. Only those in the first epoch reference a line for the first
// time: later epochs go through the same images and buffers once more.
EventCounts repeated(const EventCounts& counts, const CountedTrainingStep& kind) {
  EventCounts result = scaled(counts, kind.times);
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    const std::optional<uint64_t>& of_one = counts.levels[i].compulsory_misses;
    if (of_one) result.levels[i].compulsory_misses = *of_one * kind.in_first_epoch;
  }
  return result;
}

CountedRow repeated(CountedRow row, const CountedTrainingStep& kind) {
  row.operations = scaled(row.operations, kind.times);
  row.counts = repeated(row.counts, kind);
  for (TensorCounts& tensor : row.tensors) tensor.counts = repeated(tensor.counts, kind);
  for (PassCounts& pass : row.passes) {
    pass.operations = scaled(pass.operations, kind.times);
    pass.counts = repeated(pass.counts, kind);
  }
  return row;
}

// Adds two countings of the same layer. Everything is summed but what describes the layer.
CountedRow added(const CountedRow& a, const CountedRow& b) {
  CountedRow row = total({a, b});
  row.name = a.name;
  row.kind = a.kind;
  row.output_shape = a.output_shape;
  row.parameters = a.parameters;
  return row;
}

NetworkCounts whole_training(const std::vector<CountedTrainingStep>& kinds, uint64_t images) {
  NetworkCounts whole = kinds[0].counts;
  whole.images = images;
  for (CountedRow& row : whole.rows) row = repeated(std::move(row), kinds[0]);
  for (size_t k = 1; k < kinds.size(); ++k) {
    const std::vector<CountedRow>& rows = kinds[k].counts.rows;
    for (size_t i = 0; i < rows.size(); ++i) {
      whole.rows[i] = added(whole.rows[i], repeated(rows[i], kinds[k]));
    }
  }
  return whole;
}

void add_runtime(const CountedPasses& counted, std::vector<CountedRow>& rows) {
  if (!counted.runtime) return;
  CountedRow runtime;
  runtime.name = runtime.kind = "runtime";
  runtime.counts = *counted.runtime;
  rows.push_back(std::move(runtime));
}

void keep_artifacts(CountedPasses& counted, const TrainingSteps& training,
                    std::vector<Artifact>* artifacts) {
  if (artifacts == nullptr) return;
  *artifacts = std::move(counted.artifacts);
  artifacts->push_back({"loop_nests.txt", nests_text(training.steps().front().program)});
}

// The steps that a training is made of.
struct Schedule {
  uint64_t full = 0;    // how many steps of a whole batch an epoch has
  int64_t smaller = 0;  // the images of the smaller batch that ends an epoch; 0: there is none
  uint64_t steps = 0;   // how many steps all epochs have together
  uint64_t later_epochs = 0;
};

uint64_t product(uint64_t a, uint64_t b) {
  const auto result = checked_product({a, b});
  if (!result) {
    fail(ErrorKind::kInput, "a training of {} times {} images is longer than 64 bits hold", a, b);
  }
  return *result;
}

Schedule schedule_of(int64_t batch, const TrainingLength& length) {
  Schedule schedule;
  const auto size = static_cast<uint64_t>(batch);
  schedule.full = length.images / size;
  schedule.smaller = static_cast<int64_t>(length.images % size);
  schedule.steps = product(schedule.full + (schedule.smaller > 0 ? 1 : 0), length.epochs);
  schedule.later_epochs = length.epochs - 1;
  return schedule;
}

}  // namespace

std::string_view name(TrainingStep step) { return kStepNames[static_cast<size_t>(step)]; }

TrainingCounts count_training(const Network& network, const Optimizer& optimizer, int64_t batch,
                              const TrainingLength& length, const Machine& machine,
                              CountSource& source, const ProgressReport& progress,
                              std::vector<Artifact>* artifacts) {
  CHECK(batch > 0 && length.images > 0 && length.epochs > 0, "batch {}, {} images, {} epochs",
        batch, length.images, length.epochs);
  if (length.images < static_cast<uint64_t>(batch)) batch = static_cast<int64_t>(length.images);
  const uint64_t images = product(length.images, length.epochs);
  const Schedule schedule = schedule_of(batch, length);
  TrainingSteps training(network, optimizer, source.isa(machine), batch);
  const uint64_t image_bytes = static_cast<uint64_t>(network.input().elements()) * sizeof(float);
  const bool stays = product(length.images, image_bytes) + training.arena_bytes() <=
                     static_cast<uint64_t>(machine.levels.back().geometry.value.size_bytes);

  TrainingCounts result;
  result.steps = schedule.steps;
  const auto add_kind = [&](TrainingStep step, uint64_t times, uint64_t in_first_epoch,
                            size_t image_batch, bool smaller) {
    result.kinds.push_back({step, times, in_first_epoch, {}});
    if (smaller) {
      training.add_smaller(schedule.smaller, image_batch);
    } else {
      training.add(image_batch);
    }
  };
  // Steps copy from one of three batches of the data set: 0, 1, or 2, which ends an epoch.
  const uint64_t later = schedule.later_epochs;
  const uint64_t fresh_epochs = stays ? 1 : 1 + later;
  add_kind(TrainingStep::kFirst, 1, 1, 0, false);
  const uint64_t steady = product(fresh_epochs, schedule.full) - 1;
  if (steady > 0) add_kind(TrainingStep::kSteady, steady, schedule.full - 1, 1, false);
  if (schedule.smaller > 0) add_kind(TrainingStep::kLast, fresh_epochs, 1, 2, true);
  if (stays && later > 0) {
    add_kind(TrainingStep::kLater, product(later, schedule.full), 0, 0, false);
    if (schedule.smaller > 0) add_kind(TrainingStep::kLaterLast, later, 0, 2, true);
  }

  CountedPasses counted = source.count(training.programs(), machine, progress);
  for (size_t i = 0; i < result.kinds.size(); ++i) {
    const TrainingProgram& step = training.steps()[i];
    NetworkCounts& counts = result.kinds[i].counts;
    counts = empty_counts(network, step.program.batch, counted.origin);
    counts.steady = i > 0;
    counts.rows = StepRows(network, optimizer, step, counted.passes[i]).rows();
  }
  result.whole = whole_training(result.kinds, images);
  result.whole.batch = batch;
  add_runtime(counted, result.kinds[0].counts.rows);
  add_runtime(counted, result.whole.rows);
  keep_artifacts(counted, training, artifacts);
  return result;
}

NetworkCounts count_training_step(const Network& network, const Optimizer& optimizer, int64_t batch,
                                  const Machine& machine, bool steady, CountSource& source,
                                  const ProgressReport& progress,
                                  std::vector<Artifact>* artifacts) {
  TrainingSteps training(network, optimizer, source.isa(machine), batch);
  training.add(0);
  if (steady) training.add(1);
  CountedPasses counted = source.count(training.programs(), machine, progress);
  NetworkCounts counts = empty_counts(network, batch, counted.origin);
  counts.steady = steady;
  counts.rows = StepRows(network, optimizer, training.steps().back(), counted.passes.back()).rows();
  if (!steady) add_runtime(counted, counts.rows);
  keep_artifacts(counted, training, artifacts);
  return counts;
}

}  // namespace wattgrind
