#include "search/data/data_source.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "search/data/digits.h"
#include "search/data/mnist.h"

namespace wattgrind {
const std::vector<std::string_view>& data_set_names() {
  static const std::vector<std::string_view> kNames = {"digits", "mnist", "mnist_small"};
  return kNames;
}

void check_data_set_name(std::string_view name) {
  const std::vector<std::string_view>& names = data_set_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail(ErrorKind::kInput, "found no data set \"{}\"; {}", name, suggest(name, names));
  }
}

DataSelection effective_selection(const DataRequest& request) {
  DataSelection selection = request.selection;
  if (request.set != "mnist_small") return selection;
  // As in powerML (Swanson & Noel, 2018).
  constexpr uint64_t kImages = 100;
  if (selection.classes.empty()) selection.classes = {0, 1};
  if (!selection.train) selection.train = kImages;
  if (!selection.test) selection.test = kImages;
  return selection;
}

std::string describe(const DataRequest& request) {
  const DataSelection& selection = request.selection;
  const bool drawn = request.set == "digits";
  const std::string classes = selection.classes.empty()
                                  ? ""
                                  : fmt::format(", classes {}", fmt::join(selection.classes, " "));
  return fmt::format("{}{} ({}seed {})", request.set, classes, drawn ? "drawn, " : "",
                     selection.seed);
}

DataSet load_data(const DataRequest& request) {
  check_data_set_name(request.set);
  const DataSelection selection = effective_selection(request);
  if (request.set != "digits") return load_mnist(find_mnist(request.path), selection);
  if (request.path) {
    fail(ErrorKind::kInput, "digits: found path {}, wanted none: they are drawn",
         request.path->string());
  }
  return draw_digits(selection);
}

}  // namespace wattgrind
