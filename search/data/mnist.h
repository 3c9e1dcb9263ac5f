// `mnist`: LeCun, Cortes and Burges's handwritten digits, from IDX files.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "estimator/base/error.h"
#include "search/data/data_set.h"
#include "search/data/download.h"

namespace wattgrind {

// 60,000 training images (validation is taken out of them) and 10,000 test images from
// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
// t10k-labels-idx1-ubyte in `folder`, each with or without ".gz", and with a dot for
// the dash before "idx". The files may hold fewer, and images of any size. Throws Error(kInput)
// naming the file.
DataSet load_mnist(const std::filesystem::path& folder, const DataSelection& selection);

// The data set is in none of the places where it is looked for: Error(kMissing). Whoever knows how
// a user fetches it or names its folder may say so after `found()`.
class DataMissing : public Error {
 public:
  DataMissing();
  std::string_view found() const;  // "mnist: not on this system"
};

// The folder that holds the files: `given`; else, where one of them has them, WATTGRIND_DATA or a
// folder mnist or data/mnist of it, or the cache folder. Throws DataMissing without one.
std::filesystem::path find_mnist(const std::optional<std::filesystem::path>& given);

// Writes a set to the files that load_mnist() reads, and validation to validation-images-idx3-ubyte
// and validation-labels-idx1-ubyte, each whole or not at all. Throws Error(kFailed).
void write_as_mnist(const DataSet& set, const std::filesystem::path& folder);

// Where fetched files stay: wattgrind/mnist in XDG_CACHE_HOME, by default ~/.cache.
std::filesystem::path mnist_cache_folder();

// Fetches the four files into the cache folder from public mirrors. Throws as download() does.
void fetch_mnist(const DownloadProgress& progress);

}  // namespace wattgrind
