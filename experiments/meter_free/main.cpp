// Can time and energy be predicted from a profile alone? No meter, no fit, nothing tuned: published
// readings of others, and this computer's times, beside what machine profiles say.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/system/atomic_file.h"
#include "experiments/experiment.h"
#include "experiments/meter_free/parts.h"

namespace wattgrind {

std::filesystem::path published(const Options& options, const std::string& name) {
  const std::filesystem::path file = options.data / "measurements" / name;
  if (!std::filesystem::exists(file)) {
    fail(ErrorKind::kMissing,
         "{}: not there: published readings are no part of the repository; name the folder that "
         "holds measurements/ and data/ with --data or WATTGRIND_DATA",
         file.string());
  }
  return file;
}

void save_rows(const Options& options, const std::string& name, const std::vector<Group>& groups) {
  if (options.rows.empty()) return;
  write_file(std::filesystem::path(options.rows) / (name + ".csv"), rows_csv(groups));
}

namespace {

const std::map<std::string, void (*)(const Options&)> kParts = {
    {"xeon", run_xeon}, {"ncnn", run_ncnn}, {"here", run_here}, {"energy", run_energy}};

std::string data_folder() {
  const char* folder = std::getenv("WATTGRIND_DATA");
  return folder != nullptr ? folder : WATTGRIND_SOURCE_DIR "/../shared";
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  CLI::App program{"Time and energy predicted from profiles alone, against published readings"};
  wattgrind::Options options;
  std::vector<std::string> parts = {"xeon", "ncnn", "here", "energy"};
  options.data = wattgrind::data_folder();
  program.add_option("parts", parts, "which to run")
      ->check(CLI::IsMember(parts))
      ->capture_default_str();
  program.add_option("--data", options.data, "holds measurements/ and data/ncnn_networks/")
      ->capture_default_str();
  program
      .add_option(
          "--plan", options.plan,
          "how ncnn's networks are put together: a kernel a layer; fused, direct; or fused, "
          "by the algorithms that take the least time")
      ->check(CLI::IsMember({"layers", "direct", "auto"}))
      ->capture_default_str();
  program
      .add_option("--cores", options.cores, "take only machines of ncnn's of these, such as A72")
      ->delimiter(',');
  program.add_option("--every", options.every, "take every n-th layer of the Xeon's")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  program.add_option("--rows", options.rows, "write the rows compared to CSV files in this folder");
  program.add_option("--seed", options.seed, "that layers measured here are drawn with")
      ->capture_default_str();
  program.add_option("--seconds", options.seconds, "of measuring here")->capture_default_str();
  program.add_option("--write-times", options.write_times, "measure here, write a CSV, and end");
  program.add_option("--times", options.times, "times that were written before");
  CLI11_PARSE(program, argc, argv);
  return wattgrind::exit_status_of("meter_free", [&] {
    for (const std::string& part : parts) {
      fmt::print("== {}\n\n", part);
      wattgrind::kParts.at(part)(options);
      fmt::print("\n");
    }
    return 0;
  });
}
