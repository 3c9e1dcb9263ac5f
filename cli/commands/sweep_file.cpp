#include "cli/commands/sweep_file.h"

#include <nlohmann/json.hpp>

#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

namespace {

std::string definition_text(const std::string& name) {
  if (const auto text = builtin_text("sweeps", name)) return std::string(*text);
  return read_file(name);
}

}  // namespace

bool is_sweep_file(const std::string& path) {
  if (builtin_text("sweeps", path)) return true;
  if (!path.ends_with(".json")) return false;
  const nlohmann::json json = parse_json(read_file(path), path);
  const bool has_schema =
      json.is_object() && json.contains("schema") && json.at("schema").is_string();
  return has_schema && json.at("schema").get<std::string>().starts_with("wattgrind/sweep-config/");
}

SweepFile read_sweep_file(const std::string& path) {
  const nlohmann::json json = parse_json(definition_text(path), path);
  builtin_schema("sweep").validate(json, path);
  SweepFile sweep;
  sweep.what = json.at("what");
  sweep.vary = json.at("vary").get<std::vector<std::string>>();
  sweep.one_at_a_time = json.value("one_at_a_time", false);
  sweep.batch = json.value("batch", int64_t{1});
  sweep.steady = json.value("steady", false);
  return sweep;
}

}  // namespace wattgrind
