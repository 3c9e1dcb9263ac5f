#include "search/data/digits.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "search/data/digit_strokes.h"

namespace wattgrind {
namespace {

constexpr int kStepsPerCurve = 6;
// One part of a set may hold so many images, whose pixels take 3 GB.
constexpr uint64_t kMostImages = 1000000;
constexpr uint64_t kDefaultTrain = 10000, kDefaultValidation = 2000, kDefaultTest = 2000;

double between(Random& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

// Maps points of the digit's box to pixels: it stretches them about the middle, slants, turns and
// shifts them.
class Placement {
 public:
  Placement(double aspect, Random& random) {
    height_ = between(random, 14, 22);
    width_ = height_ * aspect * between(random, 0.75, 1.25);
    slant_ = between(random, -0.35, 0.35);
    // The tangent of half the angle is drawn, so that sine and cosine need no library function; the
    // angle is within +-17 degrees.
    const double half_tangent = between(random, -0.15, 0.15);
    const double square = half_tangent * half_tangent;
    cosine_ = (1 - square) / (1 + square);
    sine_ = 2 * half_tangent / (1 + square);
    middle_x_ = between(random, -2.5, 2.5) + kDigitSize / 2.0;
    middle_y_ = between(random, -2.5, 2.5) + kDigitSize / 2.0;
  }

  StrokePoint operator()(const StrokePoint& point) const {
    const double y = (point.y - 0.5) * height_;
    const double x = (point.x - 0.5) * width_ - slant_ * y;
    return {middle_x_ + cosine_ * x - sine_ * y, middle_y_ + sine_ * x + cosine_ * y};
  }

 private:
  double height_, width_, slant_, cosine_, sine_, middle_x_, middle_y_;
};

// Distance of a point to the line between two others.
double distance_to_line(double x, double y, const StrokePoint& a, const StrokePoint& b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length_squared = dx * dx + dy * dy;
  double along = 0;
  if (length_squared > 0) {
    along = std::clamp(((x - a.x) * dx + (y - a.y) * dy) / length_squared, 0.0, 1.0);
  }
  const double off_x = x - (a.x + along * dx), off_y = y - (a.y + along * dy);
  return std::sqrt(off_x * off_x + off_y * off_y);
}

// A page on which a round pen leaves ink.
class Page {
 public:
  // `radius` and `blur` in pixels: ink fades from full to none over 2 * blur around the radius.
  Page(double radius, double blur) : radius_(radius), blur_(blur) {}

  void draw_line(const StrokePoint& a, const StrokePoint& b) {
    const double reach = radius_ + blur_;
    const int top = clamped(std::min(a.y, b.y) - reach),
              bottom = clamped(std::max(a.y, b.y) + reach);
    const int left = clamped(std::min(a.x, b.x) - reach),
              right = clamped(std::max(a.x, b.x) + reach);
    for (int row = top; row <= bottom; ++row) {
      for (int column = left; column <= right; ++column) {
        const double distance = distance_to_line(column + 0.5, row + 0.5, a, b);
        double& ink = ink_[static_cast<size_t>(row * kDigitSize + column)];
        ink = std::max(ink, std::clamp((reach - distance) / (2 * blur_), 0.0, 1.0));
      }
    }
  }

  // The page in ink of the darkness given, plus noise: sums of uniform numbers that have the
  // standard deviation given.
  DigitImage develop(double darkness, double noise, Random& random) const {
    constexpr int kUniforms = 4;
    const double scale = noise / std::sqrt(kUniforms / 12.0);
    DigitImage image;
    for (size_t i = 0; i < image.size(); ++i) {
      double sum = 0;
      for (int k = 0; k < kUniforms; ++k) sum += random.uniform() - 0.5;
      const double value = std::clamp(darkness * ink_[i] + scale * sum, 0.0, 1.0);
      image[i] = static_cast<uint8_t>(value * 255 + 0.5);
    }
    return image;
  }

 private:
  static int clamped(double position) {
    return static_cast<int>(std::clamp(position, 0.0, kDigitSize - 1.0));
  }

  double radius_, blur_;
  std::array<double, size_t{kDigitSize} * kDigitSize> ink_{};
};

LabelledImages draw_part(const std::vector<int>& digits, uint64_t count, uint64_t seed) {
  if (count > kMostImages) {
    fail(ErrorKind::kInput, "digits: wanted {} images, but at most {} are drawn", count,
         kMostImages);
  }
  LabelledImages part;
  part.shape = {1, kDigitSize, kDigitSize};
  part.labels.reserve(count);
  part.pixels.reserve(count * size_t{kDigitSize} * kDigitSize);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t label = i % digits.size();
    part.labels.push_back(static_cast<uint8_t>(label));
    for (const uint8_t pixel : draw_digit(digits[label], derive_seed(seed, i))) {
      part.pixels.push_back(static_cast<float>(pixel) / 255.0f);
    }
  }
  return part;
}

}  // namespace

DigitImage draw_digit(int digit, uint64_t seed) {
  Random random(seed);
  const std::span<const DigitStyle> styles = digit_styles(digit);
  const DigitStyle& style = styles[random.below(styles.size())];
  const Placement place(style.aspect, random);
  constexpr double kTremor = 0.06;  // of the box: how far the hand misses a point
  const double radius = between(random, 0.6, 1.7);
  Page page(radius, between(random, 0.4, 0.8));
  for (Stroke stroke : style.strokes) {
    for (StrokePoint& point : stroke.points) {
      point.x += between(random, -kTremor, kTremor);
      point.y += between(random, -kTremor, kTremor);
    }
    const std::vector<StrokePoint> chain = flatten(stroke, kStepsPerCurve);
    for (size_t i = 1; i < chain.size(); ++i) page.draw_line(place(chain[i - 1]), place(chain[i]));
  }
  const double darkness = between(random, 0.6, 1.0);
  return page.develop(darkness, between(random, 0.0, 0.12), random);
}

DataSet draw_digits(const DataSelection& selection) {
  const std::vector<int> digits = selected_classes(selection, kDigitClasses, "digits");
  if (selection.train == 0u) fail(ErrorKind::kInput, "digits: found no images left to train on");
  DataSet set;
  set.classes = static_cast<int>(digits.size());
  set.train =
      draw_part(digits, selection.train.value_or(kDefaultTrain), derive_seed(selection.seed, 1));
  set.validation = draw_part(digits, selection.validation.value_or(kDefaultValidation),
                             derive_seed(selection.seed, 2));
  set.test =
      draw_part(digits, selection.test.value_or(kDefaultTest), derive_seed(selection.seed, 3));
  return set;
}

}  // namespace wattgrind
