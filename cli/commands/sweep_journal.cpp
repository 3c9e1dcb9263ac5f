#include "cli/commands/sweep_journal.h"

#include <fmt/format.h>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/key_values.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

template <typename Value>
void set_optional(ordered_json& written, const char* key, const std::optional<Value>& value) {
  if (value) written[key] = *value;
}

template <typename Value>
std::optional<Value> get_optional(const nlohmann::json& read, const char* key) {
  if (!read.contains(key)) return std::nullopt;
  return read.at(key).get<Value>();
}

ordered_json layer_figures_json(const LayerFigures& layer) {
  ordered_json written = {
      {"name", layer.name}, {"macs", layer.macs}, {"parameters", layer.parameters}};
  set_optional(written, "other_operations", layer.other_operations);
  set_optional(written, "latency_cycles", layer.latency_cycles);
  set_optional(written, "energy_j", layer.energy_j);
  set_optional(written, "time_s", layer.time_s);
  return written;
}

LayerFigures read_layer_figures(const nlohmann::json& read) {
  LayerFigures layer;
  layer.name = read.at("name");
  layer.macs = read.at("macs");
  layer.other_operations = get_optional<uint64_t>(read, "other_operations");
  layer.parameters = read.at("parameters");
  layer.latency_cycles = get_optional<double>(read, "latency_cycles");
  layer.energy_j = get_optional<double>(read, "energy_j");
  layer.time_s = get_optional<double>(read, "time_s");
  return layer;
}

ordered_json figures_json(const CaseFigures& figures) {
  ordered_json written = {{"label", figures.label},
                          {"images", figures.images},
                          {"total", layer_figures_json(figures.total)}};
  set_optional(written, "memory_bytes", figures.memory_bytes);
  set_optional(written, "model_time_s", figures.model_time_s);
  set_optional(written, "model_energy_j", figures.model_energy_j);
  set_optional(written, "measured_time_s", figures.measured_time_s);
  set_optional(written, "measured_energy_j", figures.measured_energy_j);
  for (const LayerFigures& layer : figures.layers) {
    written["layers"].push_back(layer_figures_json(layer));
  }
  return written;
}

CaseFigures read_figures(const nlohmann::json& read) {
  CaseFigures figures;
  figures.label = read.at("label");
  figures.images = read.at("images");
  figures.total = read_layer_figures(read.at("total"));
  figures.memory_bytes = get_optional<uint64_t>(read, "memory_bytes");
  figures.model_time_s = get_optional<double>(read, "model_time_s");
  figures.model_energy_j = get_optional<double>(read, "model_energy_j");
  figures.measured_time_s = get_optional<double>(read, "measured_time_s");
  figures.measured_energy_j = get_optional<double>(read, "measured_energy_j");
  for (const nlohmann::json& layer : read.value("layers", nlohmann::json::array())) {
    figures.layers.push_back(read_layer_figures(layer));
  }
  return figures;
}

}  // namespace

SweepJournal::SweepJournal(const std::string& path, const ordered_json& sweep) : file_(path) {
  size_t number = 0;
  for (const std::string_view line : split(file_.text(), '\n')) {
    if (line.empty()) continue;
    const std::string where = fmt::format("{}:{}", path, ++number);
    const nlohmann::json read = parse_json(line, where);
    if (number == 1) {
      if (read == nlohmann::json(sweep)) continue;
      fail(ErrorKind::kInput, "{}: is of another sweep, machine or version: take another file",
           where);
    }
    try {
      CaseFigures figures = read_figures(read);
      std::string label = figures.label;
      done_.insert_or_assign(std::move(label), std::move(figures));
    } catch (const nlohmann::json::exception&) {
      fail(ErrorKind::kInput, "{}: is no point of a sweep: remove the line", where);
    }
  }
  if (number == 0) file_.append(compact_json(sweep));
}

std::optional<CaseFigures> SweepJournal::find(const std::string& label) const {
  const auto found = done_.find(label);
  return found == done_.end() ? std::nullopt : std::optional(found->second);
}

void SweepJournal::append(const CaseFigures& figures) {
  file_.append(compact_json(figures_json(figures)));
}

}  // namespace wattgrind
