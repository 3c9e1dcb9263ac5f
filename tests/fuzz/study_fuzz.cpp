// A study that anybody has changed is either refused with an Error of one line or shown in every
// form, and goes on. An input is either a whole file, as SQLite would find it, or changes to the
// study that is made here, one a line:
//   TABLE COLUMN ROW TYPE VALUE     trials result 3 text {"score": 1}
//   sql STATEMENT                   sql DELETE FROM trials WHERE number = 2
// where ROW is a trial's number or a note's name, and TYPE one of null, integer, real, text, blob.
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include "cli/reports/study_report.h"
#include "estimator/base/error.h"
#include "search/samplers/sampler.h"
#include "search/study/study_file.h"

namespace {

using namespace wattgrind;  // NOLINT: one file, and nothing includes it

using Json = nlohmann::ordered_json;

constexpr std::string_view kConfig = R"({
  "topology": "dffr", "machine": "zen3",
  "space": {"layers": {"int": [1, 4]}, "widths": {"int": [1, 64], "per": "layers"},
            "learning_rate": {"float": [0.001, 0.1], "log": true},
            "optimizer": {"choice": ["adam", "sgd"]}},
  "objective": {"alpha": 0.1, "beta": 0.1, "limits": {"macs": 100000}}})";

// In memory, where a machine has such a folder: thousands are written a second.
std::filesystem::path study_path() {
  const std::string name = fmt::format("wattgrind-study-fuzz.{}", getpid());
  std::error_code ignored;
  const bool in_memory = std::filesystem::is_directory("/dev/shm", ignored);
  return (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path()) / name;
}

Outcome outcome_of(uint64_t trial) {
  constexpr TrialState kStates[] = {TrialState::kComplete, TrialState::kComplete,
                                    TrialState::kPruned, TrialState::kInfeasible,
                                    TrialState::kFailed};
  const double x = static_cast<double>(trial);
  Outcome outcome{kStates[trial % 5], {0.1 * x - 1}, {}, {}};
  if (outcome.state == TrialState::kInfeasible) outcome.violation = 0.5;
  outcome.result = {{"network", "dffr:layers=1,width=4"},
                    {"batch", 32},
                    {"train_cost", 1 + x},
                    {"infer_cost", 2 - 0.1 * x},
                    {"infer_cycles", 1000 + x},
                    {"score", 0.01 * x},
                    {"learning", "loss-fell"},
                    {"timing_s", {{"costs", 0.5}, {"training", 2.5}}},
                    {"exceeded", {"macs: 2, at most 1"}},
                    {"bound", {0.5}}};
  return outcome;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// 25 trials that ended in every way, one that is held, and notes.
std::string whole_study(const std::filesystem::path& path) {
  std::filesystem::remove(path);
  StudyFile file(path, {"study", 1, Json::parse(kConfig)}, IfThere::kResume, {});
  const auto sampler = make_sampler({SamplerKind::kRandom}, file.space(), 1);
  for (uint64_t trial = 0; trial < 25; ++trial) {
    const auto claimed = std::get<ClaimedTrial>(file.claim(25, *sampler));
    CHECK(file.finish(claimed.lease, outcome_of(trial)), "trial {}", trial);
  }
  file.claim(26, *sampler);
  file.set_note("data", "digits");
  file.set_note("reference", {{"network", "dffr"}, {"batch", 32}, {"train_cost", 1.0}});
  file.set_note("winner", {{"trial", 0}, {"test_accuracy", 0.8}, {"cold_infer_cycles", 9.0}});
  return bytes_of(path);
}

struct Handle {
  explicit Handle(const std::filesystem::path& path) { sqlite3_open(path.c_str(), &handle); }
  ~Handle() { sqlite3_close(handle); }
  sqlite3* handle = nullptr;
};

// What SQLite refuses is no damage.
void change(sqlite3* handle, const std::string& line) {
  std::istringstream words(line);
  std::string table, column, row, type;
  words >> table;
  if (table == "sql") {
    sqlite3_exec(handle, line.c_str() + 3, nullptr, nullptr, nullptr);
    return;
  }
  words >> column >> row >> type;
  const std::string value{std::istreambuf_iterator<char>(words.ignore()), {}};
  const std::string sql = fmt::format("UPDATE {} SET {} = ?1 WHERE {} = ?2", table, column,
                                      table == "notes" ? "name" : "number");
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK) {
    const int size = static_cast<int>(value.size());
    if (type == "integer")
      sqlite3_bind_int64(statement, 1, std::strtoll(value.c_str(), nullptr, 0));
    if (type == "real") sqlite3_bind_double(statement, 1, std::strtod(value.c_str(), nullptr));
    if (type == "text") sqlite3_bind_text(statement, 1, value.data(), size, SQLITE_TRANSIENT);
    if (type == "blob") sqlite3_bind_blob(statement, 1, value.data(), size, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 2, row.data(), static_cast<int>(row.size()), SQLITE_TRANSIENT);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
}

// Text may hold further statements; those that would reach for other files, or never end, are not
// tried.
bool is_tried(std::string_view line) {
  for (const std::string_view word :
       {"attach", "ATTACH", "vacuum", "VACUUM", "recursive", "RECURSIVE", "load_", "writefile"}) {
    if (line.find(word) != std::string_view::npos) return false;
  }
  return true;
}

void make_damaged(const std::filesystem::path& path, std::string_view input) {
  static const std::string whole = whole_study(path);
  constexpr std::string_view kMagic = "SQLite format 3";
  const bool is_file = input.starts_with(kMagic);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << (is_file ? input : whole);
  if (is_file) return;
  const Handle open(path);
  sqlite3_exec(open.handle, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", nullptr,
               nullptr, nullptr);
  std::istringstream lines{std::string(input)};
  for (std::string line; std::getline(lines, line);) {
    if (is_tried(line)) change(open.handle, line);
  }
}

void use(const std::filesystem::path& path) {
  StudyFile file(path);
  const StudyReport report = make_study_report(file);
  best_network(report);
  if (!report.summary.best) no_best_line(report);
  CHECK(!study_text(report, true, Emphasis::kNone).empty(), "{}", report.file);
  CHECK(study_json(report).contains("trials"), "{}", report.file);
  CHECK(study_csv(report).rows.size() == report.records.size(), "{}", report.file);
  const size_t trials = report.records.size();
  CHECK(file.trials().size() == trials, "{} and {}", file.trials().size(), trials);
  for (const SamplerOptions& options :
       {SamplerOptions{SamplerKind::kRandom}, SamplerOptions{SamplerKind::kTpe, true}}) {
    const auto sampler = make_sampler(options, file.space(), 1);
    const Claim claim = file.claim(trials + 2, *sampler);
    if (const auto* claimed = std::get_if<ClaimedTrial>(&claim)) {
      CHECK(file.finish(claimed->lease, outcome_of(0)), "trial {}", claimed->lease.trial);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path path = study_path();
  for (const char* other : {"-journal", "-wal", "-shm"}) {
    std::filesystem::remove(path.string() + other);
  }
  try {
    make_damaged(path, std::string_view(reinterpret_cast<const char*>(data), size));
    use(path);
  } catch (const Error& error) {
    const std::string message = error.what();
    // A file may also be one that cannot be written: another process' journal is beside it, say.
    CHECK(error.kind() == ErrorKind::kInput || error.kind() == ErrorKind::kFailed, "{}", message);
    CHECK(message.find('\n') == std::string::npos, "{}", message);
  }
  std::filesystem::remove(path);
  return 0;
}
