#include "estimator/counts/network_counts.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

void add_passes(const std::vector<PassCounts>& passes, std::vector<PassCounts>& sums) {
  for (const PassCounts& pass : passes) {
    const auto at = std::ranges::find(sums, pass.pass, &PassCounts::pass);
    if (at == sums.end()) {
      sums.push_back(pass);
    } else {
      at->operations = sum(at->operations, pass.operations);
      at->counts = sum(at->counts, pass.counts);
    }
  }
}

}  // namespace

void add_tensors(const std::vector<TensorCounts>& tensors, std::vector<TensorCounts>& sums) {
  for (const TensorCounts& tensor : tensors) {
    const auto at = std::ranges::find(sums, tensor.tensor, &TensorCounts::tensor);
    if (at == sums.end()) {
      sums.push_back(tensor);
    } else {
      at->counts = sum(at->counts, tensor.counts);
    }
  }
}

CountedRow total(const std::vector<CountedRow>& rows) {
  CHECK(!rows.empty(), "no rows");
  CountedRow result;
  result.name = "total";
  // The runtime's bytes are not known; the total's are those of the layers.
  References bytes;
  for (size_t i = 0; i < rows.size(); ++i) {
    const CountedRow& row = rows[i];
    result.operations = sum(result.operations, row.operations);
    result.parameters += row.parameters;
    result.counts = i == 0 ? row.counts : sum(result.counts, row.counts);
    add_tensors(row.tensors, result.tensors);
    add_passes(row.passes, result.passes);
    if (row.counts.bytes) {
      bytes.reads += row.counts.bytes->reads;
      bytes.writes += row.counts.bytes->writes;
    }
  }
  result.counts.bytes = bytes;
  return result;
}

}  // namespace wattgrind
