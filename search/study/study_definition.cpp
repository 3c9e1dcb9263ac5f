#include "search/study/study_definition.h"

#include <algorithm>
#include <utility>

#include "estimator/formats/json_check.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Json = nlohmann::ordered_json;

std::string quoted_member(const Json& root, const Json::json_pointer& pointer) {
  return root.contains(pointer) ? stored_json(root[pointer]) : "nothing";
}

const Json& definition_member(const Json& json, const char* key, const std::string& where) {
  expect_object(json, where);
  const auto found = json.find(key);
  if (found == json.end()) fail(ErrorKind::kInput, "{}: found no \"{}\"", where, key);
  return *found;
}

}  // namespace

StudyConflict::StudyConflict(Reason reason, std::string found)
    : Error(reason == Reason::kMayNotResume ? ErrorKind::kUsage : ErrorKind::kInput,
            fmt::format("{}, wanted {} or another study", found,
                        reason == Reason::kMayNotResume ? "leave to go on with it" : "the same")),
      reason_(reason),
      found_(std::move(found)) {}

std::string stored_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json write_definition(const StudyDefinition& definition) {
  CHECK(definition.config.contains("space"), "{}", definition.config.dump());
  return {{"name", definition.name}, {"seed", definition.seed}, {"config", definition.config}};
}

StudyDefinition read_definition(const Json& json, const std::string& where) {
  StudyDefinition definition;
  definition.name = expect_string(definition_member(json, "name", where), where + ".name");
  const Json& seed = definition_member(json, "seed", where);
  if (!seed.is_number_unsigned()) {
    fail(ErrorKind::kInput, "{}.seed: found {}, wanted an integer of at least 0", where,
         quote_ordered_json(seed));
  }
  definition.seed = seed.get<uint64_t>();
  definition.config = definition_member(json, "config", where);
  return definition;
}

Space read_space(const StudyDefinition& definition, const std::string& where) {
  return parse_space(definition_member(definition.config, "space", where), where + ".config.space");
}

void expect_same_definition(const StudyDefinition& stored, const StudyDefinition& wanted,
                            std::string_view place) {
  const auto refuse = [place](std::string_view what, const std::string& held,
                              const std::string& found) {
    throw StudyConflict(
        StudyConflict::Reason::kOtherDefinition,
        fmt::format("{}: holds a study with {} {}, found {} now", place, what, held, found));
  };
  if (wanted.name != stored.name) refuse("name", stored.name, wanted.name);
  if (wanted.seed != stored.seed) {
    refuse("seed", fmt::format("{}", stored.seed), fmt::format("{}", wanted.seed));
  }
  // The order of keys means something in the space alone: samplers go through it in order.
  const nlohmann::json held = stored.config, found = wanted.config;
  const nlohmann::json difference = nlohmann::json::diff(held, found);
  if (!difference.empty()) {
    const std::string path_of = difference[0].at("path");
    const Json::json_pointer pointer(path_of);
    std::string key = path_of.substr(1);
    std::replace(key.begin(), key.end(), '/', '.');
    refuse(key, quoted_member(stored.config, pointer), quoted_member(wanted.config, pointer));
  }
  const std::string space = stored_json(stored.config.at("space"));
  const std::string wanted_space = stored_json(wanted.config.at("space"));
  if (space != wanted_space) refuse("space", space, wanted_space);
}

}  // namespace wattgrind
