#include "experiments/powerml/candidate_table.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

constexpr std::string_view kHeader =
    "configuration,network,batch,train_cycles,train_energy_pj,infer_cycles,infer_energy_pj,"
    "parameters,macs,score\n";

// No candidate is to be ruled out: the score alone, and no limits.
SearchConfig score_alone(SearchConfig config) {
  config.objective = {};
  return config;
}

}  // namespace

CandidateTable::CandidateTable(const SearchConfig& config, const std::filesystem::path& file)
    : config_(config), evaluation_(score_alone(config)) {
  if (file.empty()) return;
  const bool is_new = !std::filesystem::exists(file);
  if (!is_new) read(file);
  file_.open(file, std::ios::app);
  if (!file_) fail(ErrorKind::kFailed, "{}: cannot be written", file.string());
  if (is_new) file_ << kHeader << std::flush;
}

void CandidateTable::read(const std::filesystem::path& file) {
  const CsvTable table = parse_csv(read_file(file), file.filename().string());
  const auto number = [&](const CsvRow& row, std::string_view column) {
    return table.number(row, table.column(column));
  };
  for (const CsvRow& row : table.rows) {
    EvaluatedCandidate found;
    found.network = row.fields.at(table.column("network"));
    found.batch = static_cast<int64_t>(number(row, "batch"));
    found.costs.train = {Cycles::rounded(number(row, "train_cycles")),
                         Picojoules::rounded(number(row, "train_energy_pj"))};
    found.costs.infer = {Cycles::rounded(number(row, "infer_cycles")),
                         Picojoules::rounded(number(row, "infer_energy_pj"))};
    found.costs.parameters = static_cast<uint64_t>(number(row, "parameters"));
    found.costs.macs = static_cast<uint64_t>(number(row, "macs"));
    found.score = number(row, "score");
    candidates_[row.fields.at(table.column("configuration"))] = found;
  }
}

CandidateCosts CandidateTable::least_costs(const Configuration& configuration) {
  return evaluation_.least_costs(evaluation_.candidate(configuration));
}

EvaluatedCandidate CandidateTable::find(const Configuration& configuration) {
  const std::string key = to_string(config_.space, configuration);
  {
    const std::lock_guard lock(mutex_);
    const auto known = candidates_.find(key);
    if (known != candidates_.end()) return known->second;
  }
  const EvaluatedCandidate found = evaluate(configuration);
  const std::lock_guard lock(mutex_);
  if (!candidates_.emplace(key, found).second || !file_.is_open()) return found;
  const CandidateCosts& costs = found.costs;
  fmt::print(file_, "{},{},{},{},{},{},{},{},{},{}\n", key, csv_field(found.network), found.batch,
             costs.train.cycles.value(), costs.train.energy.value(), costs.infer.cycles.value(),
             costs.infer.energy.value(), costs.parameters, costs.macs, found.score);
  file_.flush();
  return found;
}

EvaluatedCandidate CandidateTable::evaluate(const Configuration& configuration) {
  const Candidate candidate = evaluation_.candidate(configuration);
  const Outcome outcome = evaluation_.evaluate(configuration, {});
  CHECK(outcome.state == TrialState::kComplete, "{}", outcome.result.dump());
  return {candidate.network.name, candidate.batch, evaluation_.costs(candidate),
          read_result(outcome.result, "result").score.value()};
}

}  // namespace wattgrind
