// What a study is of: its definition, as stores keep it, and the refusal of another one.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "estimator/base/error.h"
#include "search/space/space.h"

namespace wattgrind {

// What decides which trials a study proposes and what comes out of them. Trials of different
// definitions do not mix in one study.
struct StudyDefinition {
  std::string name;
  uint64_t seed = 0;
  nlohmann::ordered_json config;  // with "space", as parse_space() reads it
};

// The place holds a study that must not be worked on: it may not be resumed (Error(kUsage)), or it
// is of another definition (Error(kInput)). The message says what the place holds and what was
// wanted; whoever knows how a user asks for that may say it in its own words after `found()`.
class StudyConflict : public Error {
 public:
  enum class Reason { kMayNotResume, kOtherDefinition };

  StudyConflict(Reason reason, std::string found);

  Reason reason() const { return reason_; }
  // "a.study: holds a study with 7 trials"
  const std::string& found() const { return found_; }

 private:
  Reason reason_;
  std::string found_;
};

// The note under which stores keep a study's definition.
inline constexpr std::string_view kDefinitionNote = "definition";

nlohmann::ordered_json write_definition(const StudyDefinition& definition);

// Throws Error(kInput), begun by `where`, for what no study can be of.
StudyDefinition read_definition(const nlohmann::ordered_json& json, const std::string& where);
Space read_space(const StudyDefinition& definition, const std::string& where);

// Throws StudyConflict where `wanted` is not what the study in `place` is of.
void expect_same_definition(const StudyDefinition& stored, const StudyDefinition& wanted,
                            std::string_view place);

// JSON as stores keep it. Text that is no UTF-8 (of an error, say) is mended rather than refused.
std::string stored_json(const nlohmann::ordered_json& json);

}  // namespace wattgrind
