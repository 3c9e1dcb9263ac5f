#include "estimator/catalog/accelerator_source.h"

#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

Accelerator find_accelerator(const std::string& argument) {
  const std::vector<std::string_view> names = builtin_names("accelerators");
  if (const auto known = same_spelling(argument, names)) {
    return read_accelerator(*builtin_text("accelerators", *known), *known);
  }
  if (argument.ends_with(".json") || argument.find('/') != std::string::npos) {
    return read_accelerator(read_file(argument, kMostDescriptionBytes), argument);
  }
  fail(ErrorKind::kInput, "unknown accelerator {}; {} (a file's name ends in .json)",
       quote_json(argument), suggest(argument, names));
}

}  // namespace wattgrind
