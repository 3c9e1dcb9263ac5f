#include "search/data_source.h"

#include "estimator/error.h"
#include "estimator/suggestion.h"
#include "search/digits.h"
#include "search/mnist.h"

namespace wattgrind {
namespace {

// powerML's small set: digits 0 and 1, 100 training and 100 test images (Swanson & Noel, 2018).
DataSelection small_selection(DataSelection selection) {
  constexpr uint64_t kImages = 100;
  if (selection.classes.empty()) selection.classes = {0, 1};
  if (!selection.train) selection.train = kImages;
  if (!selection.test) selection.test = kImages;
  return selection;
}

}  // namespace

const std::vector<std::string_view>& data_set_names() {
  static const std::vector<std::string_view> kNames = {"digits", "mnist", "mnist_small"};
  return kNames;
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
  if (request.set == "digits") {
    if (request.path) {
      fail(ErrorKind::kInput, "digits: found path {}, wanted none: they are drawn",
           request.path->string());
    }
    return draw_digits(request.selection);
  }
  if (request.set == "mnist") return load_mnist(find_mnist(request.path), request.selection);
  if (request.set == "mnist_small") {
    return load_mnist(find_mnist(request.path), small_selection(request.selection));
  }
  fail(ErrorKind::kInput, "found no data set \"{}\"; {}", request.set,
       suggest(request.set, data_set_names()));
}

}  // namespace wattgrind
