#include "search/candidates/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/json_check.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::array<std::string_view, 3>;

constexpr Words kOptimizers = {"adam", "rmsprop", "sgd"};
constexpr Words kPoolings = {"none", "max", "average"};
constexpr std::array<std::string_view, 3> kTrainingParameters = {"batch", "optimizer",
                                                                 "learning_rate"};

struct DesignParameter {
  std::string_view name;
  std::optional<int64_t> AcceleratorDesign::*member;
};
constexpr std::array<DesignParameter, 4> kDesignParameters = {
    {{"array_rows", &AcceleratorDesign::rows},
     {"array_columns", &AcceleratorDesign::columns},
     {"register_file_bytes", &AcceleratorDesign::register_file_bytes},
     {"buffer_bytes", &AcceleratorDesign::buffer_bytes}}};

// A key of a network's short form, and the parameters of a search that give its value.
struct Slot {
  std::string_view key;          // of the short form
  std::string_view one_for_all;  // the parameter's name as one value
  std::string_view one_a_layer;  // and as a list; empty: there is none
  bool required = true;
};

const std::vector<Slot>& slots(std::string_view topology) {
  static const std::map<std::string_view, std::vector<Slot>> kSlots = {
      {"dffr", {{"layers", "layers", ""}, {"width", "width", "widths"}}},
      {"dffr_triangle", {{"layers", "layers", ""}}},
      {"cnn",
       {{"layers", "layers", ""},
        {"filters", "filters", "filters"},
        {"filter_size", "filter_size", "filter_sizes"},
        {"pooling", "pooling", "pooling", false}}},
      {"residual", {{"blocks", "blocks", ""}, {"filters", "filters", ""}}},
      {"separable", {{"blocks", "blocks", ""}, {"filters", "filters", ""}}}};
  const auto found = kSlots.find(topology);
  CHECK(found != kSlots.end(), "topology {}", topology);
  return found->second;
}

bool is_training_parameter(std::string_view name) {
  return std::find(kTrainingParameters.begin(), kTrainingParameters.end(), name) !=
         kTrainingParameters.end();
}

// The slot that a parameter fills; null for a parameter of the training.
const Slot* find_slot(std::string_view topology, std::string_view name) {
  for (const Slot& slot : slots(topology)) {
    if (slot.one_for_all == name || slot.one_a_layer == name) return &slot;
  }
  return nullptr;
}

void check_word(const Json& value, const Words& words, std::string_view where) {
  const bool known =
      value.is_string() &&
      std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) != words.end();
  if (!known) {
    fail(ErrorKind::kInput, "{}: found {}, wanted \"{}\"", where, value.dump(),
         fmt::join(words, "\" or \""));
  }
}

// "12", or "24-12-6" of a list.
std::string short_form_value(const Json& value) {
  const auto text = [](const Json& one) {
    return one.is_string() ? one.get<std::string>() : one.dump();
  };
  if (!value.is_array()) return text(value);
  std::vector<std::string> elements;
  for (const Json& element : value) elements.push_back(text(element));
  return fmt::format("{}", fmt::join(elements, "-"));
}

// The short form's values, by its keys, as far as `values` give them.
std::map<std::string_view, std::string> short_form_values(std::string_view topology,
                                                          const Json& values,
                                                          std::string_view where) {
  std::map<std::string_view, std::string> result;
  for (const auto& item : values.items()) {
    const std::string at = join_key(where, item.key());
    check_parameter(topology, item.key(), item.value().is_array(), at);
    for (const Json& value : item.value().is_array() ? item.value() : Json::array({item.value()})) {
      check_value(item.key(), value, at);
    }
    const Slot* slot = find_slot(topology, item.key());
    if (slot == nullptr) continue;
    if (!result.emplace(slot->key, short_form_value(item.value())).second) {
      fail(ErrorKind::kInput, "{}: found both \"{}\" and \"{}\", wanted one of them", where,
           slot->one_for_all, slot->one_a_layer);
    }
  }
  return result;
}

Network build(const CandidateForm& form, const Json& values, std::string_view where) {
  std::map<std::string_view, std::string> said = short_form_values(form.topology, values, where);
  said.merge(short_form_values(form.topology, form.fixed, where));
  std::string text = fmt::format("{}:", form.topology);
  for (const Slot& slot : slots(form.topology)) {
    const auto found = said.find(slot.key);
    if (found != said.end()) {
      text += fmt::format("{}={},", slot.key, found->second);
    } else if (slot.required) {
      fail(ErrorKind::kInput, "{}: found no \"{}\", wanted one: networks of {} need it", where,
           slot.one_for_all, form.topology);
    }
  }
  const FeatureShape& input = form.task.input;
  text += fmt::format("classes={},input={}x{}x{}", form.task.classes, input.channels, input.height,
                      input.width);
  return within(where, [&] { return read_short_form(text); });
}

Optimizer optimizer_of(std::string_view name, const Json* learning_rate) {
  Optimizer optimizer = Adam{};
  if (name == "rmsprop") optimizer = RmsProp{};
  if (name == "sgd") optimizer = Sgd{};
  if (learning_rate != nullptr) {
    std::visit([&](auto& kind) { kind.learning_rate = learning_rate->get<double>(); }, optimizer);
  }
  return optimizer;
}

}  // namespace

bool is_design_parameter(std::string_view name) {
  return std::any_of(kDesignParameters.begin(), kDesignParameters.end(),
                     [&](const DesignParameter& parameter) { return parameter.name == name; });
}

void check_parameter(std::string_view topology, std::string_view parameter, bool one_a_layer,
                     std::string_view where) {
  const Slot* slot = find_slot(topology, parameter);
  if (slot == nullptr && !is_training_parameter(parameter) && !is_design_parameter(parameter)) {
    std::vector<std::string_view> known;
    for (const Slot& each : slots(topology)) {
      known.push_back(each.one_for_all);
      if (!each.one_a_layer.empty() && each.one_a_layer != each.one_for_all) {
        known.push_back(each.one_a_layer);
      }
    }
    fail(ErrorKind::kInput, "{}: no parameter of {}, wanted {}, {}", where, topology,
         fmt::join(known, ", "), fmt::join(kTrainingParameters, ", "));
  }
  if (one_a_layer && (slot == nullptr || slot->one_a_layer != parameter)) {
    fail(ErrorKind::kInput, "{}: found a list, wanted one value for all layers", where);
  }
  if (!one_a_layer && slot != nullptr && slot->one_for_all != parameter) {
    fail(ErrorKind::kInput, "{}: found one value, wanted a list, one a layer", where);
  }
}

void check_value(std::string_view parameter, const Json& value, std::string_view where) {
  if (parameter == "optimizer") {
    check_word(value, kOptimizers, where);
  } else if (parameter == "pooling") {
    check_word(value, kPoolings, where);
  } else if (parameter == "learning_rate") {
    if (expect_number(value, where) <= 0) {
      fail(ErrorKind::kInput, "{}: found {}, wanted more than 0", where, value.dump());
    }
  } else {
    const int64_t size = expect_integer(value, where);
    if (size < 1 || size > kMaxSize) {
      fail(ErrorKind::kInput, "{}: found {}, wanted 1 to {}", where, size, kMaxSize);
    }
  }
}

Candidate make_candidate(const CandidateForm& form, const Json& values, std::string_view where) {
  const auto value = [&](std::string_view name) -> const Json* {
    for (const Json* source : {&values, &form.fixed}) {
      const auto found = source->find(name);
      if (found != source->end()) return &*found;
    }
    return nullptr;
  };
  Candidate candidate;
  candidate.network = build(form, values, where);
  const Json *batch = value("batch"), *optimizer = value("optimizer");
  CHECK(batch && optimizer, "batch and optimizer of {}", form.fixed.dump());
  candidate.batch = batch->get<int64_t>();
  candidate.optimizer =
      optimizer_of(optimizer->get_ref<const std::string&>(), value("learning_rate"));
  for (const DesignParameter& parameter : kDesignParameters) {
    if (const Json* size = value(parameter.name)) {
      candidate.design.*parameter.member = size->get<int64_t>();
    }
  }
  return candidate;
}

}  // namespace wattgrind
