// What was found out about candidates: nothing of it depends on a setting of (alpha, beta), so each
// is evaluated once for all settings, seeds and random pools.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "search/candidates/candidate_evaluation.h"

namespace wattgrind {

struct EvaluatedCandidate {
  std::string network;
  int64_t batch = 0;
  CandidateCosts costs;
  double score = 0;  // on the validation images
};

class CandidateTable {
 public:
  // `file` keeps the table; an empty path: nothing does.
  CandidateTable(const SearchConfig& config, const std::filesystem::path& file);

  // What training costs at least, and the rest.
  CandidateCosts least_costs(const Configuration& configuration);

  // May be called from several threads at once, as least_costs().
  EvaluatedCandidate find(const Configuration& configuration);

  const SearchConfig& config() const { return config_; }
  CandidateEvaluation& evaluation() { return evaluation_; }

 private:
  void read(const std::filesystem::path& file);
  EvaluatedCandidate evaluate(const Configuration& configuration);

  const SearchConfig config_;
  CandidateEvaluation evaluation_;
  std::mutex mutex_;
  std::map<std::string, EvaluatedCandidate> candidates_;  // by configuration
  std::ofstream file_;
};

}  // namespace wattgrind
