#include "estimator/meters/meter_none.h"

namespace wattgrind {
namespace {

class TimeMeter : public Meter {
 public:
  explicit TimeMeter(Clock& clock) : clock_(clock) {}

  std::string name() const override { return "none"; }
  bool reads_energy() const override { return false; }
  void start() override { start_s_ = clock_.now_s(); }
  MeterReading stop() override {
    MeterReading reading;
    reading.duration_s = clock_.now_s() - start_s_;
    return reading;
  }
  double least_duration_s(double, double) const override { return 0; }

 private:
  Clock& clock_;
  double start_s_ = 0;
};

}  // namespace

std::unique_ptr<Meter> make_time_meter(Clock& clock) { return std::make_unique<TimeMeter>(clock); }

}  // namespace wattgrind
