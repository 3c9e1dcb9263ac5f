#include "search/data/mnist.h"

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/atomic_file.h"
#include "search/data/idx.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNotHere = "mnist: not on this system";

constexpr int kClasses = 10;
constexpr const char* kTrainImages = "train-images-idx3-ubyte";
constexpr const char* kTrainLabels = "train-labels-idx1-ubyte";
constexpr const char* kTestImages = "t10k-images-idx3-ubyte";
constexpr const char* kTestLabels = "t10k-labels-idx1-ubyte";

// The mirrors that TensorFlow and PyTorch fetch from.
const std::array<std::string, 2> kMirrors = {"https://storage.googleapis.com/cvdf-datasets/mnist",
                                             "https://ossci-datasets.s3.amazonaws.com/mnist"};

// Sizes and checksums are those of the files as first published; both mirrors have them unchanged.
const std::array<RemoteFile, 4> kRemoteFiles = {{
    {"train-images-idx3-ubyte.gz", 9912422,
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
    {"train-labels-idx1-ubyte.gz", 28881,
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
    {"t10k-images-idx3-ubyte.gz", 1648877,
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
    {"t10k-labels-idx1-ubyte.gz", 4542,
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
}};

// Also as unpacked by some archivers and republished by some sites: "train-images.idx3-ubyte".
std::optional<fs::path> find_file(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  std::string dotted = name;
  dotted[dotted.rfind("-idx")] = '.';
  for (const std::string& candidate : {name + ".gz", name, dotted + ".gz", dotted}) {
    if (fs::exists(folder / candidate, ignored)) return folder / candidate;
  }
  return std::nullopt;
}

LabelledImages read_part(const fs::path& folder, const char* images_name, const char* labels_name) {
  const auto images = find_file(folder, images_name), labels = find_file(folder, labels_name);
  if (!images || !labels) {
    fail(ErrorKind::kInput, "{}: found no {}, wanted it or {}.gz", folder.string(),
         images ? labels_name : images_name, images ? labels_name : images_name);
  }
  return label_images(read_idx_file(*images), read_idx_file(*labels), kClasses,
                      images->filename().string(), labels->filename().string());
}

void write_array(const IdxArray& array, const fs::path& path) {
  const std::vector<uint8_t> bytes = write_idx(array);
  write_file(path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void write_part(const LabelledImages& part, const fs::path& folder, const char* images_name,
                const char* labels_name) {
  const auto count = static_cast<uint32_t>(part.size());
  IdxArray images{
      {count, static_cast<uint32_t>(part.shape.height), static_cast<uint32_t>(part.shape.width)},
      {}};
  images.values.reserve(part.pixels.size());
  for (const float pixel : part.pixels) {
    images.values.push_back(static_cast<uint8_t>(pixel * 255.0f + 0.5f));
  }
  write_array(images, folder / images_name);
  write_array({{count}, part.labels}, folder / labels_name);
}

}  // namespace

DataSet load_mnist(const fs::path& folder, const DataSelection& selection) {
  const LabelledImages pool = read_part(folder, kTrainImages, kTrainLabels);
  const LabelledImages test_pool = read_part(folder, kTestImages, kTestLabels);
  if (pool.shape != test_pool.shape) {
    fail(ErrorKind::kInput,
         "{}: found training images of {}x{} and test images of {}x{}, wanted one size",
         folder.string(), pool.shape.height, pool.shape.width, test_pool.shape.height,
         test_pool.shape.width);
  }
  return select(pool, test_pool, kClasses, selection, "mnist");
}

void write_as_mnist(const DataSet& set, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(ErrorKind::kFailed, "{}: cannot be made: {}", folder.string(), error.message());
  write_part(set.train, folder, kTrainImages, kTrainLabels);
  write_part(set.validation, folder, "validation-images-idx3-ubyte",
             "validation-labels-idx1-ubyte");
  write_part(set.test, folder, kTestImages, kTestLabels);
}

fs::path mnist_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  // The XDG base directory specification: a path that is not absolute is ignored.
  if (cache && fs::path(cache).is_absolute()) return fs::path(cache) / "wattgrind" / "mnist";
  const char* home = std::getenv("HOME");
  if (!home || !*home) {
    fail(ErrorKind::kMissing, "HOME: not set, wanted a home or XDG_CACHE_HOME to keep data in");
  }
  return fs::path(home) / ".cache" / "wattgrind" / "mnist";
}

DataMissing::DataMissing()
    : Error(ErrorKind::kMissing,
            fmt::format("{}, wanted its files in a folder that is named, in one that "
                        "WATTGRIND_DATA names or in the cache folder",
                        kNotHere)) {}

std::string_view DataMissing::found() const { return kNotHere; }

fs::path find_mnist(const std::optional<fs::path>& given) {
  if (given) return *given;
  if (const char* data = std::getenv("WATTGRIND_DATA")) {
    for (const fs::path& folder :
         {fs::path(data), fs::path(data) / "mnist", fs::path(data) / "data" / "mnist"}) {
      if (find_file(folder, kTrainImages)) return folder;
    }
  }
  if (find_file(mnist_cache_folder(), kTrainImages)) return mnist_cache_folder();
  throw DataMissing();
}

void fetch_mnist(const DownloadProgress& progress) {
  for (const RemoteFile& file : kRemoteFiles) {
    download(file, kMirrors, mnist_cache_folder(), progress);
  }
}

}  // namespace wattgrind
