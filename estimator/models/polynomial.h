// NeuralPower's polynomials (Cai et al. 2017): a quantity is a sum of products of powers of a
// layer's sizes, up to a total degree, and of four special terms, each times a coefficient.
//
//   time   sizes; degree 1, 2 or 3; special terms are the operations, and the elements of the
//          input, the output and the parameters
//   power  sizes and their logarithms (of padding, of one more than it); degree 1 or 2; no special
//          terms
//
// The Lasso chooses coefficients, its penalty and the degree by ten-fold cross-validation (root
// mean squared error). Unlike theirs, errors count in percent of each reading: absolute ones leave
// all but the largest layers to chance.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/fit/feature_table.h"
#include "estimator/models/layer_point.h"

namespace wattgrind {

enum class PolynomialOf { kTime, kPower };

// A product of powers, and what it is multiplied with.
struct PolynomialTerm {
  std::vector<int> powers;  // by variable
  double coefficient = 0;
};

struct Polynomial {
  PolynomialOf of = PolynomialOf::kTime;
  int degree = 1;
  double constant = 0;
  std::vector<PolynomialTerm> terms;  // without those whose coefficient is 0
  std::vector<double> special;        // of a time: the coefficients of the four; of a power: empty
  // The least value that was seen: a polynomial that falls below it, as between readings it may, is
  // taken to be this.
  double least = 0;
  double left_out_rmse = 0;  // over the readings' values, of the degree chosen

  double predict(const LayerPoint& point) const;
};

// The names of a polynomial's variables: "kernel", "log kernel".
std::vector<std::string> polynomial_variables(std::string_view kind, PolynomialOf of);

// All products of `variables` variables whose powers add up to at least 1 and at most `degree`.
std::vector<std::vector<int>> products_up_to(size_t variables, int degree);

// Fits the polynomial of the degree that does best of those that there are enough points for: at
// least as many as a polynomial of the degree has terms. Points are of one kind, targets positive.
// Absent where there are too few even for degree 1.
std::optional<Polynomial> fit_polynomial(std::span<const LayerPoint* const> points,
                                         std::span<const double> targets,
                                         std::span<const Fold> folds, PolynomialOf of);

nlohmann::ordered_json polynomial_json(const Polynomial& polynomial, std::string_view kind);
// Throws Error(kInput) for a variable that the kind does not have.
Polynomial read_polynomial(const nlohmann::json& json, std::string_view kind,
                           std::string_view where);

}  // namespace wattgrind
