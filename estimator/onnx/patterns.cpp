#include "estimator/onnx/patterns.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace wattgrind {
namespace {

class PatternFinder {
 public:
  explicit PatternFinder(const OnnxModel& model) : model_(model) {
    for (size_t i = 0; i < model.nodes.size(); ++i) {
      const OnnxNode& node = model.nodes[i];
      for (const std::string& output : node.outputs) makers_[output] = i;
      for (const std::string& input : node.inputs) readers_[input].push_back(i);
    }
    for (const OnnxGraphValue& output : model.outputs) outputs_.insert(output.name);
  }

  std::map<size_t, NodeGroup> find() && {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const std::string& type = model_.nodes[i].type;
      if (type == "Erf") add(gelu(i));
      if (type == "ReduceMean") add(layer_normalization(i));
    }
    return std::move(groups_);
  }

 private:
  const OnnxNode& node(size_t index) const { return model_.nodes[index]; }
  static const std::string& result(const OnnxNode& node) { return node.outputs.front(); }

  void add(const std::optional<NodeGroup>& group) {
    if (!group) return;
    const bool is_free = std::ranges::none_of(
        group->members, [&](size_t member) { return grouped_.contains(member); });
    if (!is_free) return;
    grouped_.insert(group->members.begin(), group->members.end());
    groups_.emplace(group->members.back(), *group);
  }

  // The nodes of that type that read the tensor.
  std::vector<size_t> readers(const std::string& tensor, std::string_view type) const {
    std::vector<size_t> found;
    const auto all = readers_.find(tensor);
    if (all == readers_.end()) return found;
    std::ranges::copy_if(all->second, std::back_inserter(found),
                         [&](size_t reader) { return node(reader).type == type; });
    return found;
  }
  // The only reader of a node's result, if it is of that type.
  std::optional<size_t> only_reader(size_t index, std::string_view type) const {
    const std::string& tensor = result(node(index));
    const auto all = readers_.find(tensor);
    if (outputs_.contains(tensor) || all == readers_.end() || all->second.size() != 1 ||
        node(all->second[0]).type != type) {
      return std::nullopt;
    }
    return all->second[0];
  }
  std::optional<size_t> maker(const std::string& tensor, std::string_view type) const {
    const auto found = makers_.find(tensor);
    if (found == makers_.end() || node(found->second).type != type) return std::nullopt;
    return found->second;
  }
  // The operand of a node of two that is not `known`.
  const std::string* other(const OnnxNode& pair, const std::string& known) const {
    if (pair.inputs.size() != 2) return nullptr;
    if (pair.inputs[0] == known) return &pair.inputs[1];
    if (pair.inputs[1] == known) return &pair.inputs[0];
    return nullptr;
  }

  // A tensor that is one number, in an initialiser or a Constant node.
  std::optional<double> number(const std::string& name) const {
    const OnnxTensor* tensor = nullptr;
    if (const auto found = model_.initializers.find(name); found != model_.initializers.end()) {
      tensor = &found->second;
    } else if (const auto made = maker(name, "Constant")) {
      const auto value = node(*made).attributes.find("value");
      if (value != node(*made).attributes.end()) {
        tensor = std::get_if<OnnxTensor>(&value->second.value);
      }
    }
    if (tensor == nullptr || tensor->elements() != 1 || !tensor->has_values()) return std::nullopt;
    return double{to_floats(*tensor, name).at(0)};
  }
  bool is_number(const std::string* name, double wanted) const {
    if (name == nullptr) return false;
    const auto found = number(*name);
    return found && std::abs(*found - wanted) < 1e-4 * std::max(1.0, std::abs(wanted));
  }

  // x * 0.5 * (1 + erf(x / sqrt(2))), the half before or behind.
  std::optional<NodeGroup> gelu(size_t erf) const {
    const std::string& scaled = node(erf).inputs.front();
    std::optional<size_t> scale = maker(scaled, "Div");
    const double factor = scale ? std::sqrt(2.0) : std::sqrt(0.5);
    if (!scale) scale = maker(scaled, "Mul");
    if (!scale || !is_number(&node(*scale).inputs.at(1), factor)) return std::nullopt;
    const std::string& x = node(*scale).inputs[0];
    const auto plus = only_reader(erf, "Add");
    if (!plus || !is_number(other(node(*plus), result(node(erf))), 1)) return std::nullopt;
    const auto times = only_reader(*plus, "Mul");
    if (!times) return std::nullopt;
    const std::string* factor_of_it = other(node(*times), result(node(*plus)));
    if (factor_of_it == nullptr) return std::nullopt;
    std::vector<size_t> members = {*scale, erf, *plus};
    if (*factor_of_it == x) {  // x * (1 + erf), then the half
      const auto half = only_reader(*times, "Mul");
      if (!half || !is_number(other(node(*half), result(node(*times))), 0.5)) return std::nullopt;
      members.insert(members.end(), {*times, *half});
    } else if (is_number(factor_of_it, 0.5)) {  // half of (1 + erf), then x
      const auto last = only_reader(*times, "Mul");
      if (!last) return std::nullopt;
      const std::string* with = other(node(*last), result(node(*times)));
      if (with == nullptr || *with != x) return std::nullopt;
      members.insert(members.end(), {*times, *last});
    } else {  // half of x, times (1 + erf)
      const auto half = maker(*factor_of_it, "Mul");
      if (!half || !is_number(other(node(*half), x), 0.5)) return std::nullopt;
      members.insert(members.end(), {*half, *times});
    }
    NodeGroup group{{node(members.back()).name, "Gelu", "", {x}, {}, {}}, members};
    group.node.outputs = {result(node(members.back()))};
    return group;
  }

  // (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + shift.
  std::optional<NodeGroup> layer_normalization(size_t mean) const {
    const std::string& x = node(mean).inputs.front();
    const auto axes = node(mean).attributes.find("axes");
    if (axes == node(mean).attributes.end()) return std::nullopt;
    const auto* list = std::get_if<std::vector<int64_t>>(&axes->second.value);
    if (list == nullptr || list->size() != 1 || list->front() != -1) return std::nullopt;
    const std::vector<size_t> differences = readers(result(node(mean)), "Sub");
    if (differences.empty()) return std::nullopt;
    std::vector<size_t> members = {mean};
    members.insert(members.end(), differences.begin(), differences.end());
    for (const size_t difference : differences) {
      if (node(difference).inputs.at(0) != x) return std::nullopt;
    }
    std::optional<size_t> square;
    for (const size_t difference : differences) {
      for (const size_t pow : readers(result(node(difference)), "Pow")) {
        if (is_number(&node(pow).inputs.at(1), 2)) square = pow;
      }
      for (const size_t mul : readers(result(node(difference)), "Mul")) {
        if (node(mul).inputs[0] == node(mul).inputs[1]) square = mul;
      }
    }
    if (!square) return std::nullopt;
    const auto variance = only_reader(*square, "ReduceMean");
    if (!variance) return std::nullopt;
    const auto plus = only_reader(*variance, "Add");
    if (!plus) return std::nullopt;
    const std::string* epsilon_name = other(node(*plus), result(node(*variance)));
    const auto epsilon = epsilon_name == nullptr ? std::nullopt : number(*epsilon_name);
    const auto root = only_reader(*plus, "Sqrt");
    if (!epsilon || !root) return std::nullopt;
    const auto quotient = only_reader(*root, "Div");
    if (!quotient) return std::nullopt;
    const bool divides_difference = std::ranges::any_of(differences, [&](size_t difference) {
      return node(*quotient).inputs.at(0) == result(node(difference));
    });
    const auto scale = only_reader(*quotient, "Mul");
    if (!divides_difference || !scale) return std::nullopt;
    const auto shift = only_reader(*scale, "Add");
    if (!shift) return std::nullopt;
    const std::string* gamma = other(node(*scale), result(node(*quotient)));
    const std::string* beta = other(node(*shift), result(node(*scale)));
    if (gamma == nullptr || beta == nullptr || !is_weight(*gamma) || !is_weight(*beta)) {
      return std::nullopt;
    }
    members.insert(members.end(), {*square, *variance, *plus, *root, *quotient, *scale, *shift});
    NodeGroup group{{node(*shift).name, "LayerNormalization", "", {x, *gamma, *beta}, {}, {}},
                    members};
    group.node.outputs = {result(node(*shift))};
    group.node.attributes["axis"] = {int64_t{-1}};
    group.node.attributes["epsilon"] = {static_cast<float>(*epsilon)};
    return group;
  }

  bool is_weight(const std::string& name) const {
    return model_.initializers.contains(name) || maker(name, "Constant").has_value();
  }

  const OnnxModel& model_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::set<std::string> outputs_;
  std::set<size_t> grouped_;
  std::map<size_t, NodeGroup> groups_;
};

}  // namespace

std::map<size_t, NodeGroup> find_groups(const OnnxModel& model) {
  return PatternFinder(model).find();
}

}  // namespace wattgrind
