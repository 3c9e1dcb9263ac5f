// --report FILE.html, with the programs themselves: what stands in a page is what JSON says, and a
// page appears whole or not at all.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "tests/cli/dense_models.h"
#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A table of a page: its columns by key, with the cells' texts, or their exact values.
struct PageTable {
  std::vector<std::string> keys;
  std::vector<std::map<std::string, std::string>> rows;
};

PageTable table_of(const std::string& page, const std::string& caption) {
  const size_t start = page.find("<caption>" + caption + "</caption>");
  EXPECT_NE(start, std::string::npos) << caption;
  const std::string text = page.substr(start, page.find("</table>", start) - start);
  PageTable table;
  const std::regex key("data-key=\"([^\"]*)\"");
  for (std::sregex_iterator i(text.begin(), text.end(), key), end; i != end; ++i) {
    table.keys.push_back((*i)[1]);
  }
  const std::regex cell("<t[hd][^>]*>(?:<data value=([^>]*)>)?([^<]*)");
  for (size_t at = text.find("<tbody>"); (at = text.find("<tr", at)) != std::string::npos;) {
    const size_t end = text.find("</tr>", at);
    const std::string row = text.substr(at, end - at);
    at = end;
    auto& cells = table.rows.emplace_back();
    size_t column = 0;
    for (std::sregex_iterator i(row.begin(), row.end(), cell), last; i != last; ++i, ++column) {
      std::string found = (*i)[1].matched ? (*i)[1] : (*i)[2];
      if (!(*i)[1].matched && std::regex_match(found, std::regex("[\\d,]+")))
        std::erase(found, ',');
      cells[table.keys.at(column)] = found;
    }
    EXPECT_EQ(column, table.keys.size());
  }
  return table;
}

const json& level_named(const json& row, const std::string& name) {
  for (const json& level : row.at("levels")) {
    if (level.at("name") == name) return level;
  }
  throw std::out_of_range(name);
}

// Where JSON has what the columns of an estimate are of.
const std::map<std::string, std::function<double(const json&)>> kFigures = {
    {"macs", [](const json& row) { return row.at("macs").get<double>(); }},
    {"other_operations", [](const json& row) { return row.at("other_operations").get<double>(); }},
    {"parameters", [](const json& row) { return row.at("parameters").get<double>(); }},
    {"reads", [](const json& row) { return row.at("data_refs").at("reads").get<double>(); }},
    {"written_bytes",
     [](const json& row) { return row.at("data_bytes").at("writes").get<double>(); }},
    {"l1_misses",
     [](const json& row) { return level_named(row, "L1").at("misses").get<double>(); }},
    {"l3_accesses",
     [](const json& row) { return level_named(row, "L3").at("accesses").get<double>(); }},
    {"dram_accesses",
     [](const json& row) { return level_named(row, "DRAM").at("accesses").get<double>(); }},
    {"instructions",
     [](const json& row) { return row.at("instructions").at("total").get<double>(); }},
    {"cost_cycles", [](const json& row) { return row.at("cost_cycles").get<double>(); }},
    {"time_us", [](const json& row) { return 1e6 * row.at("time_s").at("value").get<double>(); }},
    {"energy_l2_pj",
     [](const json& row) { return row.at("energy_pj").at("levels").at("L2").get<double>(); }},
    {"energy_compute_pj",
     [](const json& row) { return row.at("energy_pj").at("compute").get<double>(); }},
    {"energy_awake_pj",
     [](const json& row) { return row.at("energy_pj").at("awake").get<double>(); }},
    {"energy_total_pj",
     [](const json& row) { return row.at("energy_pj").at("total").get<double>(); }}};

class Report : public testing::Test {
 protected:
  std::string path() const { return folder_.path() / "page.html"; }

  // The page that the command writes, and what it prints as JSON.
  std::pair<std::string, json> run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--report", path(), "--format", "json", "--quiet"});
    const Ran ran = run_wattgrind(arguments);
    EXPECT_EQ(ran.status, 0) << ran.error;
    return {read_file(path()), json::parse(ran.out)};
  }

  TemporaryFolder folder_;
};

void expect_figures_of_json(const std::string& page, const json& result) {
  const PageTable table = table_of(page, "Every figure of every layer");
  const json& layers = result.at("layers");
  ASSERT_EQ(table.rows.size(), layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(table.rows[i].at("layer"), layers[i].at("name"));
    for (const auto& [key, figure] : kFigures) {
      const double wanted = figure(layers[i]);
      EXPECT_NEAR(std::stod(table.rows[i].at(key)), wanted, 1e-12 * wanted) << key << " of " << i;
    }
  }
}

TEST_F(Report, FiguresOfAnEstimateAreThoseOfJson) {
  const auto [page, result] = run({"estimate", "lenet5", "--machine", "zen3"});
  expect_figures_of_json(page, result);
  const PageTable shown = table_of(page, "What each layer does and costs");
  EXPECT_NEAR(std::stod(shown.rows.back().at("energy_uj")),
              result.at("total").at("energy_pj").at("total").get<double>() / 1e6, 1e-9);
}

TEST_F(Report, FiguresOfATrainingStepAreThoseOfJson) {
  const auto [page, result] =
      run({"estimate", "dffr:layers=2,width=12", "--machine", "zen3", "--phase", "training"});
  expect_figures_of_json(page, result);
}

TEST_F(Report, RoofsAreThoseOfTheRoofline) {
  const std::string page = run({"estimate", "lenet5", "--machine", "zen3"}).first;
  const Ran ran =
      run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--roofline", "--format", "json"});
  const json layers = json::parse(ran.out).at("layers");
  const PageTable table = table_of(page, "Each layer under its roofs");
  ASSERT_EQ(table.rows.size(), layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(table.rows[i].at("layer"), layers[i].at("name"));
    EXPECT_EQ(table.rows[i].at("bound"), layers[i].at("bound"));
    const double attainable = layers[i].at("attainable_operations_per_s").get<double>();
    EXPECT_NEAR(1e9 * std::stod(table.rows[i].at("attainable_gops")), attainable,
                1e-12 * attainable);
  }
}

// What pointers show of bars has three digits.
TEST_F(Report, BarsAreOfTheFiguresOfJson) {
  const auto [page, result] = run({"estimate", "lenet5", "--machine", "zen3"});
  const std::map<std::string, double> units = {
      {"pJ", 1}, {"nJ", 1e3}, {"\u00b5J", 1e6}, {"mJ", 1e9}};
  size_t bars = 0;
  for (const json& layer : result.at("layers")) {
    for (const auto& [level, energy] : layer.at("energy_pj").at("levels").items()) {
      const std::regex title(fmt::format(
          "<title>{}, {}: ([\\d.]+) (\\S+)</title>",
          std::regex_replace(layer.at("name").get<std::string>(), std::regex("\\+"), "\\+"),
          level));
      std::smatch found;
      if (!std::regex_search(page, found, title)) continue;  // too short to be drawn
      ++bars;
      const double shown = std::stod(found[1]) * units.at(found[2]);
      EXPECT_NEAR(shown, energy.get<double>(), 6e-3 * energy.get<double>()) << found[0];
    }
  }
  EXPECT_GE(bars, 12u);
}

TEST_F(Report, ChartsTellWhatTheLayersTake) {
  const auto [page, result] = run({"estimate", "residual:blocks=2,filters=8", "--machine", "zen3"});
  for (const char* section :
       {"Graph", "Layers", "Tensors", "Adding up", "Memory", "Table", "Prices"}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("<h2>{}</h2>", section)));
  }
  const double total = result.at("total").at("energy_pj").at("total");
  for (const json& layer : result.at("layers")) {
    const double percent = 100 * layer.at("energy_pj").at("total").get<double>() / total;
    const std::string text =
        percent >= 9.95 ? fmt::format("{:.0f} %", percent) : fmt::format("{:.1f} %", percent);
    EXPECT_THAT(page, HasSubstr(" m0\">" + text + "</text>"));
  }
}

TEST_F(Report, SaysHowItWasMade) {
  const auto [page, result] = run({"estimate", "lenet5", "--machine", "zen3", "--batch", "2"});
  EXPECT_THAT(page,
              HasSubstr("<code>wattgrind estimate lenet5 --machine zen3 --batch 2 --report "));
  EXPECT_THAT(page, HasSubstr("lenet5, batch 2, inference on zen3"));
  for (const json& note : result.at("machine").at("notes")) {
    std::string text = note;
    text = std::regex_replace(text, std::regex("'"), "&#39;");
    EXPECT_THAT(page, HasSubstr(text.substr(1)));  // a sentence begins with a capital
  }
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr(" style=\"")));
  EXPECT_THAT(page, Not(HasSubstr(" onclick")));
}

TEST_F(Report, ForeignNamesAreText) {
  const std::string network = folder_.path() / "<img src=x onerror=alert(1)>.json";
  const Ran written = run_wattgrind({"networks", "lenet5", "--format", "json"});
  json text = json::parse(written.out);
  text["name"] = "</title><script>alert(\"1\")</script>";
  write_file(network, text.dump());
  const auto [page, result] = run({"estimate", network, "--machine", "zen3"});
  EXPECT_EQ(result.at("network").at("name"), text.at("name"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;1&quot;)"));
}

TEST_F(Report, IsWholeOrNotThere) {
  const Ran nowhere = run_wattgrind({"estimate", "lenet5", "--machine", "zen3", "--report",
                                     folder_.path() / "no/such/page.html"});
  EXPECT_EQ(nowhere.status, 1);
  EXPECT_THAT(nowhere.error, HasSubstr("--report: "));
  EXPECT_EQ(nowhere.out, "");
  const Ran refused = run_wattgrind(
      {"estimate", "lenet5", "--machine", "zen3", "--layers", "conv7", "--report", path()});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  const Ran verified = run_wattgrind({"estimate", "lenet5", "--verify", "--report", path()});
  EXPECT_EQ(verified.status, 2);
  EXPECT_THAT(verified.error, HasSubstr("leave out --verify"));
}

TEST_F(Report, SweepsAndComparisonsTellTheirCases) {
  const auto [swept, points] =
      run({"sweep", "lenet5", "--machine", "zen3", "--vary", "batch=1,2,4"});
  const PageTable table = table_of(swept, "The points");
  ASSERT_EQ(table.rows.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(std::stod(table.rows[i].at("energy_uj")),
                points.at("points")[i].at("energy_uj").get<double>(), 1e-9);
  }
  const auto [compared, cases] = run({"compare", "lenet5", "resnet8", "--machine", "zen3"});
  const PageTable rows = table_of(compared, "The cases");
  ASSERT_EQ(rows.rows.size(), 2u);
  EXPECT_EQ(std::stod(rows.rows[1].at("macs")), cases.at("cases")[1].at("macs"));
  EXPECT_NEAR(std::stod(rows.rows[1].at("latency_cycles")),
              cases.at("cases")[1].at("latency_cycles").get<double>(), 1e-6);
}

TEST_F(Report, DataflowsTellTheirLayers) {
  const auto [page, result] = run({"dataflow", "alexnet", "--accelerator", "eyeriss_chip"});
  const PageTable table = table_of(page, "The mapped layers");
  EXPECT_EQ(table.rows.front().at("layer"), "conv1");
  EXPECT_NEAR(std::stod(table.rows.back().at("total_uj")),
              result.at("total").at("energy").at("total").get<double>() / 1e6, 1e-6);
}

TEST_F(Report, StudiesTellTheirTrials) {
  const std::string study = folder_.path() / "s.study";
  const Ran searched =
      run_wattgrind({"search", source_path("configs/searches/dffr_digits.json"), "--trials", "20",
                     "--study", study, "--quiet", "--report", folder_.path() / "search.html"});
  EXPECT_EQ(searched.status, 0) << searched.error;
  EXPECT_THAT(read_file(folder_.path() / "search.html"), HasSubstr("<h2>History</h2>"));
  const auto [page, result] = run({"study", study});
  const PageTable table = table_of(page, "Every trial");
  ASSERT_EQ(table.rows.size(), result.at("trials").size());
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const json& trial = result.at("trials")[i];
    EXPECT_EQ(table.rows[i].at("state"), trial.at("state"));
    if (trial.at("state") != "complete") continue;
    EXPECT_DOUBLE_EQ(std::stod(table.rows[i].at("value")), trial.at("values")[0]);
    EXPECT_DOUBLE_EQ(std::stod(table.rows[i].at("infer_cost")),
                     trial.at("result").at("infer_cost"));
  }
  for (const char* heading : {"Pareto front", "Trials side by side", "What mattered", "What if"}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("<h2>{}</h2>", heading)));
  }
}

TEST_F(Report, CalibrationsTellTheirReadings) {
  const std::string readings = folder_.path() / "made_up.csv";
  std::string text = "m,k,n,joules\n";
  for (size_t i = 0; i < 6; ++i) {
    const size_t m = 4 + 3 * i, k = 5 + i * i, n = 9 + i % 3;
    text += fmt::format("{},{},{},{}\n", m, k, n, 3e-12 * static_cast<double>(m * k * n));
  }
  write_file(readings, text);
  const auto [page, result] =
      run({"calibrate", readings, "--machine", "xeon_x5650", "--energy-column", "joules",
           "--workload", "matmul:m={m},k={k},n={n},dtype=int64"});
  const PageTable table = table_of(page, "The readings");
  ASSERT_EQ(table.rows.size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_DOUBLE_EQ(std::stod(table.rows[i].at("left_out_j")),
                     result.at("by_reading")[i].at("left_out_j"));
  }
  EXPECT_THAT(page, HasSubstr("residuals"));
}

TEST_F(Report, LayerModelsTellTheirReadings) {
  const std::string readings = folder_.path() / "layers.csv";
  std::string text = "n,seconds\n";
  for (int i = 1; i <= 40; ++i) {
    text += fmt::format("{},{}\n", 1000 * i, 1e-9 * (2000 * i + 300 * (i % 3)));
  }
  write_file(readings, text);
  const auto [page, result] = run({"calibrate", readings, "--workload", "relu:input={n}x1x1",
                                   "--duration-column", "seconds:s", "--model", "polynomial"});
  const PageTable models =
      table_of(page, "What each form is worth, on readings left out; * is taken");
  ASSERT_FALSE(models.rows.empty());
  EXPECT_DOUBLE_EQ(std::stod(models.rows[0].at("mape_percent")),
                   result.at("kinds")[0].at("time").at("left_out").at("mape_percent"));
  EXPECT_EQ(table_of(page, "The readings").rows.size(), 40u);
  EXPECT_THAT(page, HasSubstr("time: residuals"));
}

TEST_F(Report, EstimatesByModelsTellWhatModelsSay) {
  const std::string models = write_dense_models(folder_.path());
  const auto [page, result] =
      run({"estimate", "lenet5", "--machine", "zen3", "--model", models, "--bottleneck"});
  expect_figures_of_json(page, result);
  const PageTable table = table_of(page, "Every figure of every layer");
  size_t known = 0;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const json& energy = result.at("model").at("layers")[i].at("energy_j");
    ASSERT_EQ(table.rows[i].at("layer"), result.at("model").at("layers")[i].at("name"));
    if (energy.is_null()) {
      EXPECT_EQ(table.rows[i].at("model_energy_uj"), "\u2013");
      continue;
    }
    ++known;
    EXPECT_NEAR(std::stod(table.rows[i].at("model_energy_uj")),
                1e6 * energy.at("value").get<double>(), 1e-9);
    EXPECT_NEAR(energy.at("value").get<double>(),
                2e-9 * result.at("layers")[i].at("macs").get<double>(), 2e-7);
  }
  EXPECT_GE(known, 3u);
  EXPECT_THAT(page, HasSubstr("<label for=\"by4\">energy (models)</label>"));
  EXPECT_THAT(page, HasSubstr("The models know no conv2d, relu, maxpool2d, softmax"));
  EXPECT_THAT(page, HasSubstr("80 % of energy: "));
}

TEST_F(Report, ATrainingStepHasItsMemory) {
  const std::string page =
      run({"estimate", "dffr:layers=2,width=12", "--machine", "zen3", "--phase", "training"}).first;
  EXPECT_THAT(page, HasSubstr("<h2>Memory</h2>"));
  EXPECT_THAT(page, HasSubstr("<title>dense_3.output_gradient: 64 B, steps "));
}

TEST_F(Report, MeasurementsTellTheirLoads) {
  const auto [page, result] = run({"measure", "lenet5", "--meter", "none", "--time-limit", "0.2"});
  const PageTable table = table_of(page, "The loads");
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].at("workload"), "lenet5");
  EXPECT_EQ(std::stod(table.rows[0].at("repetitions")), result.at("loads")[0].at("repetitions"));
}

}  // namespace
}  // namespace wattgrind
