#include "kernels/conv/fft_tile.h"

#include <array>
#include <cmath>
#include <functional>
#include <numbers>

namespace wattgrind {
namespace {

struct Complex {
  Register re = kNoRegister, im = kNoRegister;
};

enum class Direction { kForward = -1, kBack = 1 };

// Vectors and pairs of them at equal distances from an address.
class Vectors {
 public:
  Vectors(NestBuilder& nest, int lanes, Address first, int64_t step_bytes, int64_t part_bytes = 0)
      : nest_(nest),
        lanes_(lanes),
        first_(std::move(first)),
        step_bytes_(step_bytes),
        part_bytes_(part_bytes) {}

  Register load(int64_t i) const { return nest_.load(lanes_, at(i)); }
  void store(int64_t i, Register value) const { nest_.store(value, at(i)); }
  Complex load_pair(int64_t i) const {
    return {nest_.load(lanes_, at(i)), nest_.load(lanes_, moved(at(i), part_bytes_))};
  }
  // The same, from so many places on with each iteration of a loop.
  Vectors stepped_by(LoopVariable loop, int64_t places) const {
    return {nest_, lanes_, stepped(first_, loop, places * step_bytes_), step_bytes_, part_bytes_};
  }
  void store_pair(int64_t i, Complex value) const {
    nest_.store(value.re, at(i));
    nest_.store(value.im, moved(at(i), part_bytes_));
  }

 private:
  Address at(int64_t i) const { return moved(first_, i * step_bytes_); }

  NestBuilder& nest_;
  const int lanes_;
  const Address first_;
  const int64_t step_bytes_, part_bytes_;
};

// Arithmetic on vectors and where they come from and go to.
class Fourier {
 public:
  using Load = std::function<Register(int64_t)>;
  using LoadComplex = std::function<Complex(int64_t)>;
  using Store = std::function<void(int64_t, Register)>;
  using StoreComplex = std::function<void(int64_t, Complex)>;

  Fourier(NestBuilder& nest, int lanes) : nest_(nest), lanes_(lanes) {}

  Register sum(Register a, Register b) { return nest_.apply(Opcode::kAdd, a, b); }
  Register difference(Register a, Register b) { return nest_.apply(Opcode::kSub, a, b); }
  Register scaled(float factor, Register a) {
    return nest_.apply(Opcode::kMul, nest_.constant(lanes_, factor), a);
  }
  Register twice(Register a) { return sum(a, a); }
  Register zero() { return nest_.constant(lanes_, 0); }
  Complex sum(Complex a, Complex b) { return {sum(a.re, b.re), sum(a.im, b.im)}; }
  Complex difference(Complex a, Complex b) {
    return {difference(a.re, b.re), difference(a.im, b.im)};
  }
  Complex conjugate(Complex a) { return {a.re, difference(zero(), a.im)}; }

  // a * e^(direction * 2 pi i turns / extent)
  Complex turned(Complex a, int64_t turns, int64_t extent, Direction direction) {
    if (turns % extent == 0) return a;
    const double angle = 2 * std::numbers::pi * static_cast<double>(turns) /
                         static_cast<double>(extent) * static_cast<double>(direction);
    const auto c = static_cast<float>(std::cos(angle)), s = static_cast<float>(std::sin(angle));
    if (4 * turns % extent == 0 && turns % extent * 2 != extent) {
      // A quarter turn forward or back.
      return s > 0 ? Complex{difference(zero(), a.im), a.re}
                   : Complex{a.im, difference(zero(), a.re)};
    }
    // Of few constants, whatever their signs: they stay in registers.
    return {plus(c, a.re, -s, a.im), plus(s, a.re, c, a.im)};
  }

  std::array<Complex, 4> of_4(const std::array<Complex, 4>& x, Direction direction) {
    const Complex a = sum(x[0], x[2]), b = difference(x[0], x[2]);
    const Complex c = sum(x[1], x[3]), d = difference(x[1], x[3]);
    const Complex minus_id = {sum(b.re, d.im), difference(b.im, d.re)};
    const Complex plus_id = {difference(b.re, d.im), sum(b.im, d.re)};
    return direction == Direction::kForward
               ? std::array{sum(a, c), minus_id, difference(a, c), plus_id}
               : std::array{sum(a, c), plus_id, difference(a, c), minus_id};
  }

  // Eight real values to five values of their spectrum.
  void real_8(const Load& load, const StoreComplex& store) {
    std::array<Register, 4> s{}, d{};
    for (int64_t i = 0; i < 4; ++i) {
      const Register near = load(i), far = load(i + 4);
      s[static_cast<size_t>(i)] = sum(near, far);
      d[static_cast<size_t>(i)] = difference(near, far);
    }
    const Register even = sum(s[0], s[2]), odd = sum(s[1], s[3]);
    store(0, {sum(even, odd), zero()});
    store(4, {difference(even, odd), zero()});
    store(2, {difference(s[0], s[2]), difference(s[3], s[1])});
    const Register apart = scaled(kHalfRoot, difference(d[1], d[3]));
    const Register near = scaled(kHalfRoot, sum(d[1], d[3]));
    store(1, {sum(d[0], apart), difference(zero(), sum(d[2], near))});
    store(3, {difference(d[0], apart), difference(d[2], near)});
  }

  // The way back from five values of a spectrum to eight real ones, of which the first `outputs`
  // are stored.
  void real_8_back(const LoadComplex& load, int64_t outputs, const Store& store) {
    const Register first = load(0).re, last = load(4).re;
    const Complex second = load(2);
    const Register p = sum(first, last), q = difference(first, last);
    const Register re = twice(second.re), im = twice(second.im);
    const std::array<Register, 4> even = {sum(p, re), difference(q, im), difference(p, re),
                                          sum(q, im)};
    const Complex one = load(1), three = load(3);
    const Complex a = difference(one, three), b = sum(one, three);
    constexpr float kRoot = 2 * kHalfRoot;
    // What the later two of the values take away, and the two before add.
    const std::array<Register, 4> odd = {twice(b.re), scaled(kRoot, difference(a.re, b.im)),
                                         twice(a.im), scaled(kRoot, sum(a.re, b.im))};
    for (int64_t i = 0; i < 8 && i < outputs; ++i) {
      const auto at = static_cast<size_t>(i % 4);
      const bool adds = (i < 4) == (at < 2);
      store(i, adds ? sum(even[at], odd[at]) : difference(even[at], odd[at]));
    }
  }

  // Complex values, 8 or 16, in two passes by way of `between`. The second is a loop, so that the
  // first one's many constants need not all be in registers.
  void complex(int64_t extent, Direction direction, const Vectors& from, const Vectors& between,
               const Vectors& to) {
    const int64_t radix = extent / 4;
    for (int64_t n = 0; n < 4; ++n) {
      if (radix == 2) {
        const Complex x = from.load_pair(n), y = from.load_pair(n + 4);
        between.store_pair(n, sum(x, y));
        between.store_pair(n + 4, turned(difference(x, y), n, extent, direction));
        continue;
      }
      const auto values = of_4(
          {from.load_pair(n), from.load_pair(n + 4), from.load_pair(n + 8), from.load_pair(n + 12)},
          direction);
      for (int64_t k = 0; k < 4; ++k) {
        between.store_pair(n + 4 * k,
                           turned(values[static_cast<size_t>(k)], n * k, extent, direction));
      }
    }
    nest_.loop("quarter", radix, [&](LoopVariable k) {
      const Vectors four = between.stepped_by(k, 4), out = to.stepped_by(k, 1);
      const auto values = of_4(
          {four.load_pair(0), four.load_pair(1), four.load_pair(2), four.load_pair(3)}, direction);
      for (int64_t j = 0; j < 4; ++j) out.store_pair(radix * j, values[static_cast<size_t>(j)]);
    });
  }

  // Sixteen real values, by way of `between`: the even values of the spectrum are that of eight
  // sums, the odd ones that of four complex values.
  void real_16(const Load& load, const Load& between, const Store& to_between,
               const StoreComplex& store) {
    for (int64_t n = 0; n < 4; ++n) {
      const Register a = load(n), b = load(n + 4), c = load(n + 8), d = load(n + 12);
      to_between(n, sum(a, c));
      to_between(n + 4, sum(b, d));
      const Complex z = turned({difference(a, c), difference(d, b)}, n, 16, Direction::kForward);
      to_between(8 + 2 * n, z.re);
      to_between(9 + 2 * n, z.im);
    }
    real_8(between, [&](int64_t k, Complex value) { store(2 * k, value); });
    std::array<Complex, 4> z{};
    for (int64_t n = 0; n < 4; ++n)
      z[static_cast<size_t>(n)] = {between(8 + 2 * n), between(9 + 2 * n)};
    const auto odd = of_4(z, Direction::kForward);
    store(1, odd[0]);
    store(5, odd[1]);
    store(7, conjugate(odd[2]));  // the ninth value's
    store(3, conjugate(odd[3]));  // the thirteenth value's
  }

  void real_16_back(const LoadComplex& load, const Load& between, const Store& to_between,
                    int64_t outputs, const Store& store) {
    const auto odd =
        of_4({load(1), load(5), conjugate(load(7)), conjugate(load(3))}, Direction::kBack);
    for (int64_t n = 0; n < 4; ++n) {
      const Complex z = turned(odd[static_cast<size_t>(n)], n, 16, Direction::kBack);
      to_between(n, twice(z.re));
      to_between(n + 4, difference(zero(), twice(z.im)));
    }
    real_8_back([&](int64_t k) { return load(2 * k); }, 8,
                [&](int64_t n, Register even) {
                  if (n < outputs) store(n, sum(even, between(n)));
                  if (n + 8 < outputs) store(n + 8, difference(even, between(n)));
                });
  }

 private:
  // a * x + b * y
  Register plus(float a, Register x, float b, Register y) {
    const Register left = scaled(std::abs(a), x), right = scaled(std::abs(b), y);
    if (a > 0) return b > 0 ? sum(left, right) : difference(left, right);
    return b > 0 ? difference(right, left) : difference(difference(zero(), left), right);
  }

  static constexpr float kHalfRoot = 0.5f * std::numbers::sqrt2_v<float>;

  NestBuilder& nest_;
  const int lanes_;
};

// Half a spectrum of t rows in work memory, and behind it room for what passes between the two
// halves of a transform.
struct Work {
  int64_t extent;
  Address first;
  int64_t vector_bytes;

  int64_t columns() const { return extent / 2 + 1; }
  Address row(LoopVariable y) const { return stepped(first, y, columns() * 2 * vector_bytes); }
  Address column(LoopVariable x) const { return stepped(first, x, 2 * vector_bytes); }
  Address between() const { return moved(first, extent * columns() * 2 * vector_bytes); }
};

}  // namespace

int64_t fft_work_vectors(int64_t extent) { return extent * (extent / 2 + 1) * 2 + 2 * extent; }

void emit_fft_inputs(NestBuilder& nest, int64_t extent, const TileInputs& tile) {
  const int64_t vector_bytes = tile.lanes * int64_t{sizeof(float)};
  const Work work{extent, tile.work, vector_bytes};
  Fourier fourier(nest, tile.lanes);
  const Vectors between(nest, tile.lanes, work.between(), vector_bytes);
  const Vectors pairs(nest, tile.lanes, work.between(), 2 * vector_bytes, vector_bytes);
  nest.loop("tile_row", extent, [&](LoopVariable y) {
    const Vectors from(nest, tile.lanes, stepped(tile.from, y, tile.row_bytes), tile.column_bytes);
    const Vectors to(nest, tile.lanes, work.row(y), 2 * vector_bytes, vector_bytes);
    const auto load = [&](int64_t i) { return from.load(i); };
    const auto store = [&](int64_t k, Complex value) { to.store_pair(k, value); };
    if (extent == 8) return fourier.real_8(load, store);
    fourier.real_16(
        load, [&](int64_t i) { return between.load(i); },
        [&](int64_t i, Register value) { between.store(i, value); }, store);
  });
  nest.loop("tile_column", work.columns(), [&](LoopVariable x) {
    const Vectors from(nest, tile.lanes, work.column(x), work.columns() * 2 * vector_bytes,
                       vector_bytes);
    const Vectors to(nest, tile.lanes, stepped(tile.to, x, tile.value_bytes),
                     work.columns() * tile.value_bytes, tile.part_bytes);
    fourier.complex(extent, Direction::kForward, from, pairs, to);
  });
}

void emit_fft_outputs(NestBuilder& nest, const TileTransform& transform, const TileOutputs& tile) {
  const int64_t extent = transform.extent();
  const int64_t vector_bytes = tile.lanes * int64_t{sizeof(float)};
  const Work work{extent, tile.work, vector_bytes};
  Fourier fourier(nest, tile.lanes);
  const Vectors between(nest, tile.lanes, work.between(), vector_bytes);
  const Vectors pairs(nest, tile.lanes, work.between(), 2 * vector_bytes, vector_bytes);
  nest.loop("tile_column", work.columns(), [&](LoopVariable x) {
    const Vectors from(nest, tile.lanes, stepped(tile.from, x, tile.value_bytes),
                       work.columns() * tile.value_bytes, tile.part_bytes);
    const Vectors to(nest, tile.lanes, work.column(x), work.columns() * 2 * vector_bytes,
                     vector_bytes);
    fourier.complex(extent, Direction::kBack, from, pairs, to);
  });
  const Register bias = nest.load(tile.lanes, tile.bias);
  nest.loop("tile_row", transform.output_rows, [&](LoopVariable y) {
    const Vectors from(nest, tile.lanes, work.row(y), 2 * vector_bytes, vector_bytes);
    const Address to = stepped(tile.to, y, tile.row_bytes);
    const auto load = [&](int64_t k) { return from.load_pair(k); };
    const auto store = [&](int64_t i, Register value) {
      const Address at = moved(to, i * tile.column_bytes);
      const Register sum = nest.apply(Opcode::kAdd, value, bias);
      nest.store(*tile.epilogue ? (*tile.epilogue)(sum, at) : sum, at);
    };
    if (extent == 8) return fourier.real_8_back(load, transform.output_columns, store);
    fourier.real_16_back(
        load, [&](int64_t i) { return between.load(i); },
        [&](int64_t i, Register value) { between.store(i, value); }, transform.output_columns,
        store);
  });
}

}  // namespace wattgrind
