// What tests of stores do with trials.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "search/study/trial_store.h"
#include "tests/search/study/closed_form_study.h"

namespace wattgrind {

inline ClaimedTrial claim_one(TrialStore& store, uint64_t trials = 100) {
  const auto sampler = closed_form_sampler(store, SamplerKind::kRandom);
  Claim claim = store.claim(trials, *sampler);
  return std::get<ClaimedTrial>(std::move(claim));
}

inline void fill(TrialStore& store, uint64_t trials) {
  for (uint64_t i = 0; i < trials; ++i) {
    const ClaimedTrial claimed = claim_one(store);
    ASSERT_TRUE(store.finish(claimed.lease, bowl_outcome(claimed.configuration)));
  }
}

// What a process of its own that does `action` says: its error, or "done".
inline std::string in_child(const std::function<void()>& action) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string said = "done";
    try {
      action();
    } catch (const std::exception& error) {
      said = error.what();
    }
    const ssize_t written = write(ends[1], said.data(), said.size());
    _exit(written < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t size = read(ends[0], said.data(), said.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said.substr(0, size < 0 ? 0 : static_cast<size_t>(size));
}

}  // namespace wattgrind
