#include "estimator/meters/meter_manual.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/error_text.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

class FakeOperator : public Operator {
 public:
  explicit FakeOperator(std::deque<std::string> answers) : answers_(std::move(answers)) {}
  void tell(const std::string& message) override { told += message + "\n"; }
  std::optional<std::string> ask(const std::string&) override {
    if (answers_.empty()) return std::nullopt;
    std::string answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  std::string told;

 private:
  std::deque<std::string> answers_;
};

MeterReading measure(FakeOperator& person, double seconds) {
  FakeClock clock;
  const auto meter = make_manual_meter(person, clock);
  meter->start();
  clock.advance(seconds);
  return meter->stop();
}

std::string error_of(std::deque<std::string> answers, double seconds) {
  FakeOperator person(std::move(answers));
  return error_text([&] { measure(person, seconds); }, ErrorKind::kFailed);
}

TEST(ManualMeter, TakesTheDifferenceOfTwoReadings) {
  FakeOperator person({"1.25", "1.75"});
  const MeterReading reading = measure(person, 7200);
  EXPECT_DOUBLE_EQ(reading.energy_j.value(), 1.8e6);
  EXPECT_DOUBLE_EQ(reading.power_w().value(), 250);
  EXPECT_TRUE(reading.warnings.empty());
}

TEST(ManualMeter, SaysHowLongToRun) {
  FakeOperator person({});
  FakeClock clock;
  // 0.01 kWh is 36 kJ: 2 % of 100 W is a joule in half a second, so 5 hours.
  EXPECT_DOUBLE_EQ(make_manual_meter(person, clock)->least_duration_s(100, 0.02), 18000);
}

TEST(ManualMeter, AsksAgainForWhatIsNoNumber) {
  FakeOperator person({"about 1", "1.25", "-3", "1.75"});
  EXPECT_DOUBLE_EQ(measure(person, 7200).energy_j.value(), 1.8e6);
  EXPECT_EQ(person.told,
            "'about 1' is not a number of kWh, such as 12.34\n"
            "'-3' is not a number of kWh, such as 12.34\n");
  EXPECT_EQ(error_of({"a", "b", "c", "1"}, 10), "no reading was given");
  EXPECT_EQ(error_of({"1"}, 10), "no reading was given");
}

TEST(ManualMeter, ChecksTheReadingsForSense) {
  EXPECT_EQ(error_of({"1.25", "1.2"}, 3600),
            "the display went from 1.25 down to 1.2 kWh: was it reset?");
  EXPECT_EQ(error_of({"1.25", "1.25"}, 60),
            "the display stayed at 1.25 kWh for 60 s: it counts in steps of 0.01 kWh; run longer");
  EXPECT_EQ(error_of({"1.25", "12.5"}, 3600),
            "from 1.25 to 12.5 kWh in 3600 s would be 11250 W, more than the meter stands: read it "
            "again");
  FakeOperator person({"1.25", "1.3"});
  const MeterReading reading = measure(person, 3600);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0], "one step of the display is 20 % of the reading: run longer");
}

TEST(ManualMeter, TheDecimalsThatAreTypedAreTheDisplays) {
  FakeOperator person({"1.250", "1.256"});
  const MeterReading reading = measure(person, 3600);
  EXPECT_NEAR(reading.energy_j.value(), 21600, 1e-6);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0], "one step of the display is 17 % of the reading: run longer");
  FakeOperator whole({"12", "13"});
  EXPECT_EQ(
      measure(whole, 36000).warnings,
      std::vector<std::string>{"one step of the display is 100 % of the reading: run longer"});
  EXPECT_EQ(error_of({"1.250", "1.250"}, 60),
            "the display stayed at 1.25 kWh for 60 s: it counts in steps of 0.001 kWh; run longer");
  FakeOperator fine({"1.250"});
  FakeClock clock;
  const auto meter = make_manual_meter(fine, clock);
  meter->start();
  EXPECT_DOUBLE_EQ(meter->least_duration_s(100, 0.02), 1800);
}

TEST(ManualMeter, MetersOfThreeKilowattsAndMoreExist) {
  FakeOperator person({"1.00", "4.75"});
  EXPECT_DOUBLE_EQ(measure(person, 3600).power_w().value(), 3750);
}

TEST(ManualMeter, ADecimalCommaIsUnderstoodWithAWord) {
  FakeOperator person({"1,25", "1,750"});
  EXPECT_DOUBLE_EQ(measure(person, 7200).energy_j.value(), 1.8e6);
  EXPECT_EQ(person.told, "'1,25' is taken for 1.25 kWh\n'1,750' is taken for 1.750 kWh\n");
  FakeOperator thousands({"1,234.5", "1,234,5", "1234.5", "1235.5"});
  EXPECT_DOUBLE_EQ(measure(thousands, 3600).energy_j.value(), 3.6e6);
}

}  // namespace
}  // namespace wattgrind
