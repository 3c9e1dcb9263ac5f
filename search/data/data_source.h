// Data sets by name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "search/data/data_set.h"

namespace wattgrind {

struct DataRequest {
  std::string set;                            // one of data_set_names()
  std::optional<std::filesystem::path> path;  // of mnist's files; see find_mnist()
  DataSelection selection;
};

// "digits", "mnist" and "mnist_small": digits 0 and 1 of mnist, 100 training and 100 test images.
const std::vector<std::string_view>& data_set_names();

// Throws Error(kInput) for a name that is none of them.
void check_data_set_name(std::string_view name);

// The request's selection; what it leaves open is what the set says (mnist_small has classes and
// sizes of its own).
DataSelection effective_selection(const DataRequest& request);

// The data set in the words of reports: "digits (drawn, seed 1)", "mnist, classes 0 1 (seed 7)".
std::string describe(const DataRequest& request);

// Throws Error(kInput) for an unknown name, a path for a set that is drawn, a selection that does
// not fit or a file that is wrong, and DataMissing where mnist is not on this system.
DataSet load_data(const DataRequest& request);

}  // namespace wattgrind
