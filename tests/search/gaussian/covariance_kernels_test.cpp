#include "search/gaussian/covariance_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "estimator/base/random.h"
#include "search/space/unit_space.h"
#include "tests/search/gaussian/every_target.h"

namespace wattgrind {
namespace {

using Kind = DifferenceKind;

constexpr size_t kCounts[] = {0, 1, 2, 3, 7, 8, 9, 17, 65};

double square_of(Kind kind, double x, double y) {
  if (kind == Kind::kSameOrNot) return x == y ? 0 : 1;
  if (kind == Kind::kLineOrInactive && (x == kInactive || y == kInactive)) return x == y ? 0 : 1;
  return (x - y) * (x - y);
}

double coordinate(Kind kind, Random& random) {
  if (kind == Kind::kSameOrNot) return static_cast<double>(random.below(3));
  if (kind == Kind::kLineOrInactive && random.below(3) == 0) return kInactive;
  return random.uniform();
}

// `terms` terms of all kinds by turns, against `count` points.
struct Problem {
  std::vector<std::vector<double>> columns;
  std::vector<CovarianceTerm> terms;

  Problem(size_t size, size_t count) {
    Random random(size);
    for (size_t d = 0; d < size; ++d) {
      const Kind kind = static_cast<Kind>(d % 3);
      std::vector<double>& column = columns.emplace_back();
      for (size_t i = 0; i < count; ++i) column.push_back(coordinate(kind, random));
      terms.push_back({kind, nullptr, coordinate(kind, random), d % 5 == 4 ? kSteepest : 3.0,
                       random.uniform()});
    }
    for (size_t d = 0; d < size; ++d) terms[d].column = columns[d].data();
  }

  double wanted(size_t i) const {
    double additive = 0, joint = 1;
    for (size_t d = 0; d < terms.size(); ++d) {
      const double q = square_of(terms[d].kind, terms[d].x, columns[d][i]);
      additive += 1 / (1 + q * terms[d].additive_scale);
      joint += q * terms[d].joint_scale;
    }
    return 0.25 * additive + 0.75 / joint;
  }
};

TEST(CovarianceColumn, SumsWhatItsTermsSay) {
  for (const size_t terms : {1, 4, 16, 17, 100}) {
    for (const size_t count : kCounts) {
      const Problem problem(terms, count);
      std::vector<double> first;
      on_every_target([&] {
        std::vector<double> column(count + 1, -7);
        covariance_column(problem.terms, 0.25, 0.75, count, column.data());
        for (size_t i = 0; i < count; ++i) {
          EXPECT_NEAR(column[i], problem.wanted(i), 1e-12 * problem.wanted(i)) << terms;
        }
        EXPECT_EQ(column[count], -7) << "nothing is written beyond the end";
        if (first.empty()) first = column;
        EXPECT_EQ(column, first) << "the same on every processor";
      });
    }
  }
}

TEST(SquaredDifferences, KnowChoicesAndInactiveParameters) {
  Random random(9);
  for (const Kind kind : {Kind::kLine, Kind::kLineOrInactive, Kind::kSameOrNot}) {
    std::vector<double> column;
    for (int i = 0; i < 19; ++i) column.push_back(coordinate(kind, random));
    for (const double x : {coordinate(kind, random), kind == Kind::kLine ? 0.5 : kInactive}) {
      on_every_target([&] {
        std::vector<double> squares(column.size());
        squared_differences(kind, column.data(), x, column.size(), squares.data());
        for (size_t i = 0; i < column.size(); ++i) {
          EXPECT_EQ(squares[i], square_of(kind, x, column[i]));
        }
      });
    }
  }
}

TEST(PairSlopes, AreTheSumsTheyAreSaidToBe) {
  constexpr size_t kPairs = 40;
  Random random(10);
  std::vector<std::vector<double>> squares(3), alone(3);
  std::vector<PairTerm> terms;
  std::vector<double> slope, additive(kPairs), joint(kPairs);
  for (size_t d = 0; d < 3; ++d) {
    for (size_t i = 0; i < kPairs; ++i) squares[d].push_back(random.uniform());
    alone[d].resize(kPairs);
    terms.push_back({squares[d].data(), alone[d].data(), 2.0 + static_cast<double>(d), 0.3});
  }
  for (size_t i = 0; i < kPairs; ++i) slope.push_back(random.normal());
  std::vector<double> first;
  on_every_target([&] {
    pair_covariances(terms, kPairs, additive.data(), joint.data());
    std::vector<double> sums(6), wanted(6);
    pair_slopes(terms, slope.data(), joint.data(), kPairs, sums.data(), sums.data() + 3);
    for (size_t i = 0; i < kPairs; ++i) {
      double sum = 0, together = 1;
      for (size_t d = 0; d < 3; ++d) {
        sum += 1 / (1 + terms[d].additive_scale * squares[d][i]);
        together += 0.3 * squares[d][i];
      }
      EXPECT_DOUBLE_EQ(additive[i], sum);
      EXPECT_DOUBLE_EQ(joint[i], 1 / together);
      for (size_t d = 0; d < 3; ++d) {
        const double part = 1 / (1 + terms[d].additive_scale * squares[d][i]);
        EXPECT_DOUBLE_EQ(alone[d][i], part);
        wanted[d] += slope[i] * squares[d][i] * part * part;
        wanted[3 + d] += slope[i] * squares[d][i] / together / together;
      }
    }
    for (size_t k = 0; k < 6; ++k) EXPECT_NEAR(sums[k], wanted[k], 1e-12);
    if (first.empty()) first = sums;
    EXPECT_EQ(sums, first) << "the same on every processor";
  });
}

}  // namespace
}  // namespace wattgrind
