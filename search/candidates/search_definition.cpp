#include "search/candidates/search_definition.h"

#include <string>
#include <utility>

#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMachineProfile = "machine_profile";
constexpr const char* kAcceleratorProfile = "accelerator_profile";

}  // namespace

StudyDefinition define_search(const SearchConfig& config, Json json) {
  for (const char* key : {"$schema", "description", "trials", "seed"}) json.erase(key);
  json[kMachineProfile] = parse_ordered_json(write_machine(config.machine), "machine profile");
  if (config.target) {
    json[kAcceleratorProfile] =
        parse_ordered_json(write_accelerator(config.target->accelerator), "accelerator profile");
  }
  return {config.name, config.seed, std::move(json)};
}

SearchConfig read_defined_search(const StudyDefinition& definition, uint64_t trials,
                                 std::string_view where) {
  Json json = definition.config;
  const auto profile = [&json, where](const char* key) {
    if (!json.contains(key)) fail(ErrorKind::kInput, "{}: found no \"{}\"", where, key);
    const std::string text = json[key].dump();
    json.erase(key);
    return text;
  };
  MachineProfiles profiles{
      read_machine(profile(kMachineProfile), fmt::format("{}: {}", where, kMachineProfile)), {}};
  if (json.contains(kAcceleratorProfile)) {
    profiles.accelerator = read_accelerator(profile(kAcceleratorProfile),
                                            fmt::format("{}: {}", where, kAcceleratorProfile));
  }
  json["trials"] = trials;
  json["seed"] = definition.seed;
  return read_search_config(json.dump(), where, &profiles);
}

}  // namespace wattgrind
