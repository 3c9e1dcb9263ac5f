#include "estimator/formats/builtin_files.h"

#include <algorithm>
#include <iterator>

namespace wattgrind {
namespace {

struct BuiltinFile {
  std::string_view folder;
  std::string_view name;
  std::string_view text;
};

// The table that cmake/embed_files.cmake writes.
constexpr BuiltinFile kFiles[] = {
#include "builtin_files.inc"
};

}  // namespace

std::optional<std::string_view> builtin_text(std::string_view folder, std::string_view name) {
  const auto* found = std::find_if(std::begin(kFiles), std::end(kFiles), [&](const auto& file) {
    return file.folder == folder && file.name == name;
  });
  if (found == std::end(kFiles)) return std::nullopt;
  return found->text;
}

std::vector<std::string_view> builtin_names(std::string_view folder) {
  std::vector<std::string_view> names;
  for (const BuiltinFile& file : kFiles) {
    if (file.folder == folder) names.push_back(file.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace wattgrind
