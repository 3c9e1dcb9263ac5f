#include "estimator/imports/param_file.h"

#include <charconv>
#include <cmath>
#include <set>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

constexpr std::string_view kMagic = "7767517";
constexpr int kArrayIds = -23300;  // and below

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int64_t parse_integer(std::string_view text, int id, std::string_view place) {
  const auto number = parse<int32_t>(text);
  if (!number) {
    fail(ErrorKind::kInput, "{}: {}=: found {}, wanted an integer of 32 bits", place, id,
         quote_json(std::string(text)));
  }
  return *number;
}

double parse_number(std::string_view text, int id, std::string_view place) {
  const auto number = parse<double>(text);
  if (!number || !std::isfinite(*number)) {
    fail(ErrorKind::kInput, "{}: {}=: found {}, wanted a number", place, id,
         quote_json(std::string(text)));
  }
  return *number;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find_first_of(separators, start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

template <typename Number, typename Parse>
std::optional<std::vector<Number>> array(const NcnnLayer& layer, int id, Parse&& parse_value) {
  const auto found = layer.arrays.find(id);
  if (found == layer.arrays.end()) return std::nullopt;
  std::vector<Number> numbers;
  for (const std::string_view value : split(found->second, ",")) {
    numbers.push_back(parse_value(value, kArrayIds - id, layer.place));
  }
  return numbers;
}

// Reads the lines of a file; errors name the line.
class ParamReader {
 public:
  ParamReader(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  std::vector<NcnnLayer> read() {
    if (next_line() != std::vector<std::string_view>{kMagic}) {
      reject("wanted {}, which ncnn's text files begin with", kMagic);
    }
    const std::vector<std::string_view> counts = next_line();
    const auto layers = counts.size() == 2 ? parse<uint32_t>(counts[0]) : std::nullopt;
    const auto blobs = counts.size() == 2 ? parse<uint32_t>(counts[1]) : std::nullopt;
    if (!layers || !blobs) reject("wanted the numbers of layers and of blobs");
    std::vector<NcnnLayer> result;
    std::set<std::string, std::less<>> written;
    for (auto words = next_line(); !words.empty(); words = next_line()) {
      result.push_back(read_layer(words));
      for (const std::string& blob : result.back().outputs) {
        if (!written.insert(blob).second) {
          reject("the blob {} is written twice", quote_json(blob));
        }
      }
    }
    if (result.size() != *layers || written.size() != *blobs) {
      fail(ErrorKind::kInput,
           "{}: found {} layers and {} blobs, wanted {} and {} as its second line says: is it cut "
           "off?",
           where_, result.size(), written.size(), *layers, *blobs);
    }
    return result;
  }

 private:
  // The words of the next line that has any; none at the end.
  std::vector<std::string_view> next_line() {
    while (start_ < text_.size()) {
      const size_t end = std::min(text_.find('\n', start_), text_.size());
      const auto words = split(text_.substr(start_, end - start_), " \t\r");
      start_ = end + 1;
      ++line_;
      if (!words.empty()) return words;
    }
    return {};
  }

  NcnnLayer read_layer(const std::vector<std::string_view>& words) const {
    const auto inputs = words.size() < 4 ? std::nullopt : parse<uint16_t>(words[2]);
    const auto outputs = words.size() < 4 ? std::nullopt : parse<uint16_t>(words[3]);
    if (!inputs || !outputs || words.size() - 4 < size_t{*inputs} + *outputs) {
      reject("wanted a layer: type, name, number of inputs, number of outputs, their names");
    }
    NcnnLayer layer{std::string(words[0]), std::string(words[1]), {}, {}, {}, {}, {}};
    layer.place =
        fmt::format("{}:{}: {} {}", where_, line_, quote_json(layer.type), quote_json(layer.name));
    size_t next = 4;
    for (size_t i = 0; i < *inputs; ++i) layer.inputs.emplace_back(words[next++]);
    for (size_t i = 0; i < *outputs; ++i) layer.outputs.emplace_back(words[next++]);
    for (; next < words.size(); ++next) read_value(words[next], layer);
    return layer;
  }

  void read_value(std::string_view word, NcnnLayer& layer) const {
    const size_t equals = word.find('=');
    const auto id =
        equals == std::string_view::npos ? std::nullopt : parse<int>(word.substr(0, equals));
    if (!id) reject("found {}, wanted id=value", quote_json(std::string(word)));
    std::string_view value = word.substr(equals + 1);
    if (*id > kArrayIds) {
      layer.values.insert_or_assign(*id, value);
      return;
    }
    const size_t comma = std::min(value.find(','), value.size());
    const auto length = parse<uint32_t>(value.substr(0, comma));
    const std::string_view rest = value.substr(std::min(comma + 1, value.size()));
    if (!length || split(rest, ",").size() != *length) {
      reject("found {}, wanted as many values as the first one says",
             quote_json(std::string(word)));
    }
    layer.arrays.insert_or_assign(kArrayIds - *id, rest);
  }

  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kInput, "{}:{}: {}", where_, line_,
         fmt::format(format, std::forward<Args>(args)...));
  }

  std::string_view text_, where_;
  size_t start_ = 0, line_ = 0;
};

}  // namespace

int64_t NcnnLayer::integer(int id, int64_t otherwise) const {
  const auto found = values.find(id);
  return found == values.end() ? otherwise : parse_integer(found->second, id, place);
}

double NcnnLayer::number(int id, double otherwise) const {
  const auto found = values.find(id);
  return found == values.end() ? otherwise : parse_number(found->second, id, place);
}

std::optional<std::vector<int64_t>> NcnnLayer::integers(int id) const {
  return array<int64_t>(*this, id, parse_integer);
}

std::optional<std::vector<double>> NcnnLayer::numbers(int id) const {
  return array<double>(*this, id, parse_number);
}

std::vector<NcnnLayer> read_param_file(std::string_view text, std::string_view where) {
  return ParamReader(text, where).read();
}

}  // namespace wattgrind
