#include "estimator/network_counts.h"

#include "estimator/error.h"

namespace wattgrind {

CountedRow total(const std::vector<CountedRow>& rows) {
  CHECK(!rows.empty(), "no rows");
  CountedRow result;
  result.name = "total";
  // The runtime's bytes are not known; the total's are those of the layers.
  References bytes;
  for (size_t i = 0; i < rows.size(); ++i) {
    const CountedRow& row = rows[i];
    result.operations.macs += row.operations.macs;
    result.operations.other += row.operations.other;
    result.operations.padding_macs += row.operations.padding_macs;
    result.parameters += row.parameters;
    result.counts = i == 0 ? row.counts : sum(result.counts, row.counts);
    if (row.counts.bytes) {
      bytes.reads += row.counts.bytes->reads;
      bytes.writes += row.counts.bytes->writes;
    }
  }
  result.counts.bytes = bytes;
  return result;
}

}  // namespace wattgrind
