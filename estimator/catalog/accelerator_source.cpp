#include "estimator/catalog/accelerator_source.h"

#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

Accelerator find_accelerator(const std::string& argument) {
  if (const auto text = builtin_text("accelerators", argument)) {
    return read_accelerator(*text, argument);
  }
  if (argument.ends_with(".json") || argument.find('/') != std::string::npos) {
    return read_accelerator(read_file(argument, kMostDescriptionBytes), argument);
  }
  fail(ErrorKind::kInput, "unknown accelerator {}; {} (a file's name ends in .json)",
       quote_json(argument), suggest(argument, builtin_names("accelerators")));
}

}  // namespace wattgrind
