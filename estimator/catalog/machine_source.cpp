#include "estimator/catalog/machine_source.h"

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/machine/host_machine.h"
#include "estimator/machine/machine_file.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

Machine builtin_machine(std::string_view name) {
  const auto text = builtin_text("machines", name);
  CHECK(text.has_value(), "no machine \"{}\"", name);
  return read_machine(*text, name);
}

Machine find_machine(const std::string& argument, const std::filesystem::path& root) {
  std::vector<std::string_view> names = builtin_names("machines");
  names.push_back("host");
  const std::optional<std::string_view> known = same_spelling(argument, names);
  if (known == "host") {
    std::vector<Machine> profiles;
    for (const std::string_view name : builtin_names("machines")) {
      profiles.push_back(builtin_machine(name));
    }
    const HostCpu cpu = read_host_cpu(root);
    return host_machine(cpu, nearest_profile(cpu, profiles));
  }
  if (known) return builtin_machine(*known);
  if (argument.ends_with(".json") || argument.find('/') != std::string::npos) {
    return read_machine(read_file(argument, kMostDescriptionBytes), argument);
  }
  fail(ErrorKind::kInput, "unknown machine {}; {} (a file's name ends in .json)",
       quote_json(argument), suggest(argument, names));
}

}  // namespace wattgrind
