#include "estimator/accelerator/accelerator_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/schema.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSchemaName = "wattgrind/accelerator/1";

constexpr std::array<Figure<Accelerator>, 2> kAcceleratorFigures = {{
    {"clock_hz", "clock", "Hz", 1, &Accelerator::clock_hz},
    {"idle_w", "idle power", "W", 1, &Accelerator::idle_w},
}};
constexpr std::array<Figure<Bandwidth>, 2> kBandwidthFigures = {{
    {"dram_bytes_per_cycle", "DRAM", "B/cycle", 1, &Bandwidth::dram_bytes_per_cycle},
    {"buffer_words_per_cycle", "buffer", "words/cycle", 1, &Bandwidth::buffer_words_per_cycle},
}};
constexpr std::array<Figure<ArrayTiming>, 1> kTimingFigures = {{
    {"psum_hop_cycles", "partial sums", "cycles", 1, &ArrayTiming::psum_hop_cycles},
}};

std::optional<Basis> basis_named(std::string_view word) {
  for (const Basis basis : {Basis::kMeasured, Basis::kPublished, Basis::kFamily, Basis::kScaled,
                            Basis::kBounded, Basis::kAssumed, Basis::kFitted}) {
    if (name(basis) == word) return basis;
  }
  return std::nullopt;
}

Sourced<double> read_sourced(const json& number) {
  Sourced<double> read{number.at("value").get<double>(), number.at("source").get<std::string>()};
  if (number.contains("basis")) read.basis = basis_named(number.at("basis").get<std::string>());
  return read;
}

ordered_json write_sourced(const Sourced<double>& number) {
  ordered_json written = {{"value", number.value}, {"source", number.source}};
  if (number.basis) written["basis"] = name(*number.basis);
  return written;
}

template <typename Part, size_t kSize>
void read_part(const json& object, const std::array<Figure<Part>, kSize>& figures, Part& part) {
  for (const auto& figure : figures) {
    if (object.contains(figure.key)) part.*figure.member = read_sourced(object.at(figure.key));
  }
}

template <typename Part, size_t kSize>
void write_part(const Part& part, const std::array<Figure<Part>, kSize>& figures,
                ordered_json& written) {
  for (const auto& figure : figures) {
    if (part.*figure.member) {
      written[std::string(figure.key)] = write_sourced(*(part.*figure.member));
    }
  }
}

AccessPrices read_prices(const json& table) {
  AccessPrices prices;
  for (size_t level = 0; level < kStorageLevels; ++level) {
    prices.levels[level] = read_sourced(table.at(kStorageLevelNames[level]));
  }
  prices.mac = read_sourced(table.at("mac"));
  return prices;
}

ordered_json write_prices(const AccessPrices& prices) {
  ordered_json written;
  written["mac"] = write_sourced(prices.mac);
  for (size_t level = kStorageLevels; level-- > 0;) {
    written[std::string(kStorageLevelNames[level])] = write_sourced(prices.levels[level]);
  }
  return written;
}

std::string words_key(size_t kind) { return fmt::format("{}_words", kDataKindNames[kind]); }

RegisterFile read_register_file(const json& object) {
  RegisterFile file;
  if (object.contains("shared_bytes")) {
    file.shared_bytes = read_sourced(object.at("shared_bytes"));
    return file;
  }
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    file.words[kind] = read_sourced(object.at(words_key(kind)));
  }
  return file;
}

ordered_json write_register_file(const RegisterFile& file) {
  ordered_json written;
  if (file.shared_bytes) written["shared_bytes"] = write_sourced(*file.shared_bytes);
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    if (file.words[kind]) written[words_key(kind)] = write_sourced(*file.words[kind]);
  }
  return written;
}

std::optional<std::string> read_source(const json& document, const char* key) {
  if (!document.contains(key)) return std::nullopt;
  return document.at(key).at("source").get<std::string>();
}

void write_source_of(const std::optional<std::string>& source, const char* key,
                     ordered_json& written) {
  if (source) written[key] = {{"source", *source}};
}

}  // namespace

Accelerator read_accelerator(std::string_view text, std::string_view where) {
  const json document = parse_json(text, where);
  builtin_schema("accelerator").validate(document, where);
  Accelerator accelerator;
  accelerator.name = document.at("name").get<std::string>();
  accelerator.description = document.value("description", std::string());
  accelerator.dataflow = document.at("dataflow").get<std::string>();
  accelerator.rows = read_sourced(document.at("array").at("rows"));
  accelerator.columns = read_sourced(document.at("array").at("columns"));
  accelerator.register_file = read_register_file(document.at("register_file"));
  accelerator.buffer_bytes = read_sourced(document.at("buffer_bytes"));
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    accelerator.word_bits[kind] = read_sourced(document.at("word_bits").at(kDataKindNames[kind]));
  }
  const json& energy = document.at("energy");
  accelerator.price_bits = read_sourced(energy.at("bits"));
  if (energy.contains("pj")) accelerator.pj = read_prices(energy.at("pj"));
  if (energy.contains("macs")) accelerator.macs = read_prices(energy.at("macs"));
  if (!accelerator.pj && !accelerator.macs) {
    fail(ErrorKind::kInput,
         "{}: energy: found no prices, wanted \"pj\" (picojoules), \"macs\" (multiples of one "
         "multiply-accumulate's energy) or both",
         where);
  }
  read_part(document, kAcceleratorFigures, accelerator);
  if (document.contains("bandwidth")) {
    read_part(document.at("bandwidth"), kBandwidthFigures, accelerator.bandwidth);
  }
  if (document.contains("timing")) {
    read_part(document.at("timing"), kTimingFigures, accelerator.timing);
  }
  accelerator.zero_gating_source = read_source(document, "zero_gating");
  accelerator.compression_source = read_source(document, "run_length_compression");
  accelerator.equal_area_source = read_source(document, "equal_area");
  accelerator.notes = document.value("notes", std::vector<std::string>());
  return accelerator;
}

std::string write_accelerator(const Accelerator& accelerator) {
  ordered_json written = {{"schema", kSchemaName},
                          {"name", accelerator.name},
                          {"description", accelerator.description},
                          {"dataflow", accelerator.dataflow}};
  written["array"] = {{"rows", write_sourced(accelerator.rows)},
                      {"columns", write_sourced(accelerator.columns)}};
  written["register_file"] = write_register_file(accelerator.register_file);
  written["buffer_bytes"] = write_sourced(accelerator.buffer_bytes);
  for (size_t kind = 0; kind < kDataKinds; ++kind) {
    written["word_bits"][std::string(kDataKindNames[kind])] =
        write_sourced(accelerator.word_bits[kind]);
  }
  written["energy"]["bits"] = write_sourced(accelerator.price_bits);
  if (accelerator.pj) written["energy"]["pj"] = write_prices(*accelerator.pj);
  if (accelerator.macs) written["energy"]["macs"] = write_prices(*accelerator.macs);
  write_part(accelerator, kAcceleratorFigures, written);
  ordered_json bandwidth, timing;
  write_part(accelerator.bandwidth, kBandwidthFigures, bandwidth);
  write_part(accelerator.timing, kTimingFigures, timing);
  if (!bandwidth.is_null()) written["bandwidth"] = bandwidth;
  if (!timing.is_null()) written["timing"] = timing;
  write_source_of(accelerator.zero_gating_source, "zero_gating", written);
  write_source_of(accelerator.compression_source, "run_length_compression", written);
  write_source_of(accelerator.equal_area_source, "equal_area", written);
  if (!accelerator.notes.empty()) written["notes"] = accelerator.notes;
  return layout_json(written);
}

}  // namespace wattgrind
