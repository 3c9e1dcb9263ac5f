// study_worker FILE TRIALS JOBS LOG MILLISECONDS: works on a closed-form study, each evaluation
// taking about that long. Appends a line "NUMBER VALUE" to LOG for each trial that is stored.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "search/study/study.h"
#include "tests/search/study/closed_form_study.h"

namespace {

int run(char** arguments) {
  using namespace wattgrind;
  StudyFile file(arguments[1], closed_form_definition(), IfThere::kResume, {});
  const auto sampler = closed_form_sampler(file);
  const int log = open(arguments[4], O_WRONLY | O_APPEND | O_CREAT, 0644);
  const double milliseconds = std::atof(arguments[5]);
  ClosedForm evaluation([milliseconds](const Configuration&, std::span<const Trial> history) {
    const double share = 0.5 + static_cast<double>(history.size() % 5) / 5;
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(share * milliseconds));
  });
  const StudyOptions options{std::strtoull(arguments[2], nullptr, 10),
                             std::strtoull(arguments[3], nullptr, 10), 15, 0.01};
  run_study(file, *sampler, evaluation, options,
            [log](const Trial& ended, const Outcome&, std::span<const Trial>) {
              if (ended.values.empty()) return;  // given up
              const std::string line = fmt::format("{} {}\n", ended.number, ended.values[0]);
              if (write(log, line.data(), line.size()) < 0) std::abort();
            });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    return run(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
