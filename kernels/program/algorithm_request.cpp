#include "kernels/program/algorithm_request.h"

#include <fmt/ranges.h>

#include <optional>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

std::vector<ConvAlgorithm> algorithms_named(std::string_view word) {
  if (word == "fft") return {ConvAlgorithm::kFft8, ConvAlgorithm::kFft16};
  const auto algorithm = conv_algorithm_named(word);
  // Columns of taps are an algorithm of gradients alone.
  if (!algorithm || algorithm == ConvAlgorithm::kTapColumns) {
    fail(ErrorKind::kUsage,
         "\"{}\" is no algorithm: take direct, trimmed, im2col, pointwise, winograd2, winograd4, "
         "fft, fft8, "
         "fft16, planar or dots, or LAYER=ALGORITHM",
         word);
  }
  return {*algorithm};
}

// The cheapest of them that applies.
std::optional<ConvAlgorithm> best_of(const std::vector<ConvAlgorithm>& algorithms,
                                     const AlgorithmChoice& choice) {
  std::optional<AlgorithmCandidate> best;
  for (const ConvAlgorithm algorithm : algorithms) {
    const auto candidate = choice.candidate(algorithm);
    if (candidate && (!best || candidate->cost < best->cost)) best = candidate;
  }
  if (!best) return std::nullopt;
  return best->algorithm;
}

std::string names_of(const AlgorithmChoice& choice) {
  std::vector<std::string_view> names;
  for (const AlgorithmCandidate& candidate : choice.candidates) {
    names.push_back(name(candidate.algorithm));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

AlgorithmRequest algorithm_request(std::string_view words) {
  AlgorithmRequest request;
  while (!words.empty()) {
    const size_t comma = words.find(',');
    const std::string_view word = words.substr(0, comma);
    words = comma == std::string_view::npos ? std::string_view{} : words.substr(comma + 1);
    const size_t equals = word.rfind('=');
    if (equals == std::string_view::npos) {
      if (!request.everywhere.empty()) {
        fail(ErrorKind::kUsage, "\"{}\": one algorithm for all layers is there already", word);
      }
      request.everywhere = algorithms_named(word);
      continue;
    }
    const std::string layer(word.substr(0, equals));
    if (!request.layers.emplace(layer, AlgorithmWish{algorithms_named(word.substr(equals + 1))})
             .second) {
      fail(ErrorKind::kUsage, "layer \"{}\" is there twice", layer);
    }
  }
  return request;
}

const std::string& own_name(const Layer& layer) {
  return layer.own_name.empty() ? layer.name : layer.own_name;
}

AlgorithmChoice requested(AlgorithmChoice choice, const AlgorithmRequest& request,
                          const std::string& layer) {
  const auto wish = request.layers.find(layer);
  if (wish != request.layers.end()) {
    const auto best = best_of(wish->second.algorithms, choice);
    if (!best) {
      fail(ErrorKind::kUsage, "layer \"{}\": {} does not apply to it: take {}", layer,
           name(wish->second.algorithms.front()), names_of(choice));
    }
    choice.algorithm = *best;
    choice.why = wish->second.why;
  } else if (const auto best = best_of(request.everywhere, choice)) {
    choice.algorithm = *best;
    choice.why = AlgorithmWish{}.why;
  }
  return choice;
}

}  // namespace wattgrind
