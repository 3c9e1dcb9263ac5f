#include "cli/reports/flame_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

struct Span {
  std::string name;
  std::string_view pass;  // of training
  const PricedRow* layer;
  const PricedRow* costs;  // the layer's, or those of one of its passes
};

// The passes that a batch makes through the layers from the first to the last; all others go back.
bool goes_forward(std::string_view pass) { return pass == "input" || pass == "forward"; }

void add_passes(const PricedRow& row, bool forward, std::vector<Span>& spans) {
  for (const PricedRow& pass : row.passes) {
    if (goes_forward(pass.row.name) != forward) continue;
    // The input's one pass has its name.
    const std::string name = row.row.name == pass.row.name
                                 ? row.row.name
                                 : fmt::format("{} {}", row.row.name, pass.row.name);
    spans.push_back({name, pass.row.name, &row, &pass});
  }
}

// In the order in which they run.
std::vector<Span> spans_of(const Estimate& estimate) {
  std::vector<Span> spans;
  for (const PricedRow& row : estimate.rows) {
    if (row.passes.empty()) {
      spans.push_back({row.row.name, {}, &row, &row});
    } else {
      add_passes(row, true, spans);
    }
  }
  for (auto row = estimate.rows.rbegin(); row != estimate.rows.rend(); ++row) {
    add_passes(*row, false, spans);
  }
  return spans;
}

bool tells_time(const std::vector<Span>& spans) {
  return std::all_of(spans.begin(), spans.end(),
                     [](const Span& span) { return span.costs->time_s.has_value(); });
}

ordered_json trace_event(std::string_view phase, std::string_view name, double at) {
  return {{"name", name}, {"ph", phase}, {"pid", 1}, {"tid", 1}, {"ts", at}};
}

// A complete event. Begins and ends in events of their own are not understood everywhere:
// speedscope takes those whose facts differ for those of different spans.
ordered_json span_event(std::string_view name, double start, double duration) {
  ordered_json event = trace_event("X", name, start);
  event["dur"] = duration;
  return event;
}

// What the layer's counters stand at while it runs.
struct TraceCounter {
  std::string name;
  double value;
};

double joules_of(const Estimate& estimate, const PricedRow& row) {
  return 1e-12 * energy_of(row.energy, estimate.pricing.scope).total;
}

std::vector<TraceCounter> counters_of(const Estimate& estimate, const PricedRow& row) {
  std::vector<TraceCounter> counters;
  const EventCounts& counts = row.row.counts;
  for (size_t i = 0; i < counts.levels.size(); ++i) {
    counters.push_back({estimate.machine.levels[i].name + " misses",
                        static_cast<double>(counts.levels[i].misses)});
  }
  counters.push_back({"DRAM reads", static_cast<double>(counts.dram.reads)});
  if (row.time_s && *row.time_s > 0 && estimate.pricing.unit == EnergyUnit::kPicojoules) {
    counters.push_back({"power (W)", joules_of(estimate, row) / *row.time_s});
  }
  return counters;
}

void add_counters(const std::vector<TraceCounter>& counters, double at, ordered_json& events) {
  for (const TraceCounter& counter : counters) {
    ordered_json event = trace_event("C", counter.name, at);
    event["args"] = {{"value", counter.value}};
    events.push_back(std::move(event));
  }
}

ordered_json span_facts(const Estimate& estimate, const Span& span) {
  const CountedRow& row = span.costs->row;
  ordered_json facts = {{"kind", span.layer->row.kind}};
  if (!span.pass.empty()) facts["pass"] = span.pass;
  if (!span.layer->row.parts.empty()) facts["layers"] = span.layer->row.parts;
  facts["macs"] = row.operations.macs;
  facts["latency_cycles"] = span.costs->cost.value();
  if (span.costs->time_s) facts["time_s"] = *span.costs->time_s;
  const double energy = energy_of(span.costs->energy, estimate.pricing.scope).total;
  facts[estimate.pricing.unit == EnergyUnit::kPicojoules ? "energy_pj" : "energy_mac"] = energy;
  return facts;
}

ordered_json name_event(std::string_view what, std::string_view name) {
  return {{"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", {{"name", name}}}};
}

}  // namespace

ordered_json flame_trace(const Estimate& estimate) {
  constexpr double kMicrosASecond = 1e6;
  const std::vector<Span> spans = spans_of(estimate);
  const bool by_time = tells_time(spans);
  const std::string title =
      fmt::format("{}, batch {}", estimate.counts.network, estimate.counts.batch);
  std::vector<double> durations;
  for (const Span& span : spans) {
    durations.push_back(by_time ? kMicrosASecond * *span.costs->time_s : span.costs->cost.value());
  }
  // What holds other spans comes before them.
  ordered_json events = {
      name_event("process_name", estimate.machine.name),
      name_event("thread_name", by_time ? "time" : "latency cycles"),
      span_event(title, 0, std::accumulate(durations.begin(), durations.end(), 0.0))};
  double now = 0;
  std::map<std::string, double> ended;  // every counter that was shown, at zero
  for (size_t i = 0; i < spans.size(); ++i) {
    ordered_json event = span_event(spans[i].name, now, durations[i]);
    event["args"] = span_facts(estimate, spans[i]);
    events.push_back(std::move(event));
    const std::vector<TraceCounter> counters = counters_of(estimate, *spans[i].costs);
    add_counters(counters, now, events);
    for (const TraceCounter& counter : counters) ended[counter.name] = 0;
    now += durations[i];
  }
  for (const auto& [name, value] : ended) add_counters({{name, value}}, now, events);
  return {{"traceEvents", std::move(events)},
          {"displayTimeUnit", "ns"},
          {"otherData",
           {{"network", estimate.counts.network},
            {"machine", estimate.machine.name},
            {"unit", by_time ? "a microsecond" : "a latency cycle, shown as a microsecond"}}}};
}

}  // namespace wattgrind
