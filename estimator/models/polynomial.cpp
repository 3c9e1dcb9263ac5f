#include "estimator/models/polynomial.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/fit/lasso.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

using Eigen::Index;

constexpr std::array<std::string_view, 4> kSpecialNames = {"operations", "input_elements",
                                                           "output_elements", "parameters"};

std::array<double, 4> special_values(const LayerAmounts& amounts) {
  return {amounts.operations, amounts.input_elements, amounts.output_elements, amounts.parameters};
}

int largest_degree(PolynomialOf of) { return of == PolynomialOf::kTime ? 3 : 2; }

// The values of a polynomial's variables at a point.
std::vector<double> variables_at(const LayerPoint& point, PolynomialOf of) {
  std::vector<double> values = point.sizes;
  if (of == PolynomialOf::kTime) return values;
  const auto names = size_names(point.kind);
  for (size_t i = 0; i < names.size(); ++i) {
    values.push_back(std::log(names[i] == "padding" ? 1 + point.sizes[i] : point.sizes[i]));
  }
  return values;
}

double product(const std::vector<double>& values, const std::vector<int>& powers) {
  double result = 1;
  for (size_t i = 0; i < values.size(); ++i) {
    for (int power = 0; power < powers[i]; ++power) result *= values[i];
  }
  return result;
}

struct Columns {
  PolynomialOf of = PolynomialOf::kTime;
  std::vector<std::vector<int>> products;

  size_t special() const { return of == PolynomialOf::kTime ? kSpecialNames.size() : 0; }
  size_t size() const { return products.size() + special(); }

  Eigen::RowVectorXd at(const LayerPoint& point) const {
    Eigen::RowVectorXd row(static_cast<Index>(size()));
    const std::vector<double> values = variables_at(point, of);
    Index column = 0;
    for (const std::vector<int>& powers : products) row(column++) = product(values, powers);
    const auto specials = special_values(point.amounts);
    for (size_t i = 0; i < special(); ++i) row(column++) = specials[i];
    return row;
  }
};

Polynomial polynomial_of(const Columns& columns, const LassoFit& fit) {
  Polynomial polynomial;
  polynomial.of = columns.of;
  polynomial.constant = fit.intercept;
  for (size_t i = 0; i < columns.products.size(); ++i) {
    const double coefficient = fit.coefficients(static_cast<Index>(i));
    if (coefficient != 0) polynomial.terms.push_back({columns.products[i], coefficient});
  }
  for (size_t i = 0; i < columns.special(); ++i) {
    polynomial.special.push_back(fit.coefficients(static_cast<Index>(columns.products.size() + i)));
  }
  return polynomial;
}

}  // namespace

double Polynomial::predict(const LayerPoint& point) const {
  const std::vector<double> values = variables_at(point, of);
  double sum = constant;
  for (const PolynomialTerm& term : terms) sum += term.coefficient * product(values, term.powers);
  const auto specials = special_values(point.amounts);
  for (size_t i = 0; i < special.size(); ++i) sum += special[i] * specials[i];
  return std::max(sum, least);
}

std::vector<std::string> polynomial_variables(std::string_view kind, PolynomialOf of) {
  const auto names = size_names(kind);
  std::vector<std::string> variables(names.begin(), names.end());
  if (of == PolynomialOf::kTime) return variables;
  for (const std::string_view name : names) variables.push_back("log " + std::string(name));
  return variables;
}

std::vector<std::vector<int>> products_up_to(size_t variables, int degree) {
  std::vector<std::vector<int>> products;
  std::vector<int> powers(variables, 0);
  const auto extend = [&](const auto& self, size_t variable, int left) -> void {
    if (variable == variables) {
      if (left < degree) products.push_back(powers);
      return;
    }
    for (powers[variable] = 0; powers[variable] <= left; ++powers[variable]) {
      self(self, variable + 1, left - powers[variable]);
    }
    powers[variable] = 0;
  };
  extend(extend, 0, degree);
  return products;
}

std::optional<Polynomial> fit_polynomial(std::span<const LayerPoint* const> points,
                                         std::span<const double> targets,
                                         std::span<const Fold> folds, PolynomialOf of) {
  std::optional<Polynomial> best;
  if (folds.size() < 2) return best;
  const size_t variables = polynomial_variables(points.front()->kind, of).size();
  for (int degree = 1; degree <= largest_degree(of); ++degree) {
    const Columns columns{of, products_up_to(variables, degree)};
    if (columns.size() > points.size()) break;
    LassoData data;
    data.columns.resize(static_cast<Index>(points.size()), static_cast<Index>(columns.size()));
    data.targets = Eigen::VectorXd::Map(targets.data(), static_cast<Index>(targets.size()));
    data.weights = data.targets.array().square().inverse();
    for (size_t i = 0; i < points.size(); ++i) {
      data.columns.row(static_cast<Index>(i)) = columns.at(*points[i]);
    }
    // Weights add up to any sum: the error of the mean weight is that in percent of its target.
    const CrossValidatedLasso chosen = cross_validated_lasso(data, folds);
    const double rmse = chosen.left_out_rmse * std::sqrt(data.weights.mean());
    if (best && rmse >= best->left_out_rmse) continue;
    best = polynomial_of(columns, chosen.fit);
    best->degree = degree;
    best->left_out_rmse = rmse;
    best->least = data.targets.minCoeff();
  }
  return best;
}

nlohmann::ordered_json polynomial_json(const Polynomial& polynomial, std::string_view kind) {
  const std::vector<std::string> variables = polynomial_variables(kind, polynomial.of);
  nlohmann::ordered_json json = {{"of", polynomial.of == PolynomialOf::kTime ? "time" : "power"},
                                 {"degree", polynomial.degree},
                                 {"left_out_rmse", polynomial.left_out_rmse},
                                 {"least", polynomial.least},
                                 {"constant", polynomial.constant}};
  nlohmann::ordered_json terms = nlohmann::ordered_json::array();
  for (const PolynomialTerm& term : polynomial.terms) {
    nlohmann::ordered_json powers = nlohmann::ordered_json::object();
    for (size_t i = 0; i < variables.size(); ++i) {
      if (term.powers[i] > 0) powers[variables[i]] = term.powers[i];
    }
    terms.push_back({{"powers", powers}, {"coefficient", term.coefficient}});
  }
  json["terms"] = std::move(terms);
  nlohmann::ordered_json special = nlohmann::ordered_json::object();
  for (size_t i = 0; i < polynomial.special.size(); ++i) {
    special[std::string(kSpecialNames[i])] = polynomial.special[i];
  }
  json["special"] = std::move(special);
  return json;
}

Polynomial read_polynomial(const nlohmann::json& json, std::string_view kind,
                           std::string_view where) {
  Polynomial polynomial;
  polynomial.of = json.at("of") == "time" ? PolynomialOf::kTime : PolynomialOf::kPower;
  polynomial.degree = json.at("degree");
  polynomial.left_out_rmse = json.at("left_out_rmse");
  polynomial.least = json.at("least");
  polynomial.constant = json.at("constant");
  const std::vector<std::string> variables = polynomial_variables(kind, polynomial.of);
  for (const nlohmann::json& term : json.at("terms")) {
    PolynomialTerm read{std::vector<int>(variables.size(), 0), term.at("coefficient")};
    for (const auto& [name, power] : term.at("powers").items()) {
      const auto found = std::find(variables.begin(), variables.end(), name);
      if (found == variables.end()) {
        fail(ErrorKind::kInput, "{}: {} has no size '{}': {}", where, kind, name,
             suggest(name, {variables.begin(), variables.end()}));
      }
      if (!power.is_number_integer() || power < 1 || power > 3) {
        fail(ErrorKind::kInput, "{}: power of {}: found {}, wanted 1, 2 or 3", where, name,
             quote_json(power));
      }
      read.powers[static_cast<size_t>(found - variables.begin())] = power;
    }
    polynomial.terms.push_back(std::move(read));
  }
  if (polynomial.of == PolynomialOf::kPower) return polynomial;
  for (const std::string_view name : kSpecialNames) {
    polynomial.special.push_back(json.at("special").value(std::string(name), 0.0));
  }
  return polynomial;
}

}  // namespace wattgrind
