#include "estimator/catalog/network_source.h"

#include <algorithm>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/network_file.h"
#include "estimator/network/short_form.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

Network builtin_network(std::string_view name) {
  const auto text = builtin_text("networks", name);
  CHECK(text.has_value(), "no network \"{}\"", name);
  return read_network(*text, name);
}

Network find_network(const std::string& argument) {
  const std::vector<std::string_view> names = builtin_names("networks");
  if (std::find(names.begin(), names.end(), argument) != names.end()) {
    return builtin_network(argument);
  }
  if (argument.ends_with(".json"))
    return read_network(read_file(argument, kMostDescriptionBytes), argument);
  if (argument.ends_with(".onnx")) {
    fail(ErrorKind::kInput,
         "{}: ONNX files are not read yet: describe the network in JSON (configs/networks has "
         "examples)",
         argument);
  }
  if (argument.find(':') != std::string::npos) return read_short_form(argument);
  fail(ErrorKind::kInput,
       "unknown network {}; {} (or a file's name, ending in .json, or a short form like "
       "dffr:layers=3,width=12)",
       quote_json(argument), suggest(argument, names));
}

}  // namespace wattgrind
