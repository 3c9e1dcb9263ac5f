#include "estimator/readings/readings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

constexpr const char* kHeader =
    "workload,batch,phase,repetitions,energy_j,duration_s,idle_power_w\n";

std::string error_of(const std::string& text, const ReadingsFormat& format = {},
                     ErrorKind kind = ErrorKind::kInput) {
  return error_text([&] { parse_readings(text, "r.csv", format); }, kind);
}

TEST(Readings, ReadsEveryColumn) {
  const auto readings = parse_readings(
      std::string(kHeader) + "# by eye\n\"matmul:m=2,k=3,n=4\",8,training,10,500,20,15\n", "r.csv",
      {});
  ASSERT_EQ(readings.size(), 1u);
  const Reading& reading = readings[0];
  EXPECT_EQ(reading.workload, "matmul:m=2,k=3,n=4");
  EXPECT_EQ(reading.batch, 8u);
  EXPECT_EQ(reading.phase, "training");
  EXPECT_EQ(reading.repetitions, 10u);
  EXPECT_EQ(reading.line, 3u);
  EXPECT_DOUBLE_EQ(reading.net_energy_j(), (500 - 20 * 15) / 10.0);
  EXPECT_DOUBLE_EQ(reading.seconds().value(), 2);
}

TEST(Readings, OptionalColumnsMayBeLeftOutOrEmpty) {
  const auto bare = parse_readings("workload,energy_j\nlenet5,3\n", "r.csv", {});
  EXPECT_EQ(bare[0].batch, 1u);
  EXPECT_EQ(bare[0].phase, "inference");
  EXPECT_DOUBLE_EQ(bare[0].net_energy_j(), 3);
  EXPECT_FALSE(bare[0].seconds());
  const auto empty =
      parse_readings(std::string(kHeader) + "lenet5,1,inference,1,3,,\n", "r.csv", {});
  EXPECT_FALSE(empty[0].duration_s);
  EXPECT_FALSE(empty[0].idle_power_w);
}

TEST(Readings, ColumnsHaveUnitsAndMayBeQuotients) {
  ReadingsFormat format;
  format.workload_template = "dense:units={o},input={i}x1x1";
  format.energy_column = "kwh_in_all/passes:kWh";
  format.duration_column = "minutes:min";
  const std::vector<Reading> readings =
      parse_readings("o,i,kwh_in_all,passes,minutes\n3,4,2e-6,4,0.5\n", "r.csv", format);
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_NEAR(*readings[0].energy_j, 1.8, 1e-12);  // 2e-6 kWh are 7.2 J
  EXPECT_NEAR(readings[0].duration_s.value(), 30, 1e-12);
  format.energy_column = "kwh_in_all:cal";
  EXPECT_THROW(parse_readings("o,i,kwh_in_all,minutes\n3,4,2e-6,1\n", "r.csv", format), Error);
  format.energy_column = "kwh_in_all/runs:kWh";
  EXPECT_THROW(parse_readings("o,i,kwh_in_all,minutes\n3,4,2e-6,1\n", "r.csv", format), Error);
}

TEST(Readings, TakesSizesFromColumnsAndAnotherEnergyColumn) {
  const ReadingsFormat format{"energy", "matmul:m={m},k={k},n={n},dtype=int64"};
  const auto readings = parse_readings("load,m,k,n,energy\na,200,8000,300,9e-8\n", "r.csv", format);
  EXPECT_EQ(readings[0].workload, "matmul:m=200,k=8000,n=300,dtype=int64");
  EXPECT_DOUBLE_EQ(*readings[0].energy_j, 9e-8);
  EXPECT_EQ(
      error_of("m,energy\n1,1\n", format),
      "r.csv: no column 'k'; wanted m, k, n, energy (and batch, phase, repetitions, duration_s, "
      "idle_power_w where they are known); the columns are m, energy");
  EXPECT_EQ(error_of("m,energy\n1,1\n", {"energy", "matmul:m={m"}, ErrorKind::kUsage),
            "'matmul:m={m': a { is not closed");
}

TEST(Readings, EachWrongRowIsNamed) {
  const std::string header = "workload,repetitions,phase,energy_j,duration_s,idle_power_w\n";
  const auto row_error = [&](const std::string& row) { return error_of(header + row + "\n"); };
  EXPECT_EQ(
      error_of("workload,batch\nx,1\n"),
      "r.csv: no column 'energy_j'; wanted workload, energy_j (and batch, phase, repetitions, "
      "duration_s, idle_power_w where they are known); the columns are workload, batch");
  EXPECT_EQ(error_of(header), "r.csv: a header, but no reading");
  EXPECT_EQ(row_error("x,1,inference,0,,"),
            "r.csv:2: column 'energy_j': energy must be positive, found '0'");
  EXPECT_EQ(row_error("x,1,inference,-3,,"),
            "r.csv:2: column 'energy_j': energy must be positive, found '-3'");
  // The square of its inverse is no number any more.
  EXPECT_EQ(row_error("x,1,inference,5e-324,,"),
            "r.csv:2: column 'energy_j': must be from 1e-30 to 1e+30, found '5e-324'");
  EXPECT_EQ(row_error("x,1,inference,1e308,,"),
            "r.csv:2: column 'energy_j': must be from 1e-30 to 1e+30, found '1e308'");
  EXPECT_EQ(row_error("x,1,inference,1,5e-324,"),
            "r.csv:2: column 'duration_s': must be from 1e-30 to 1e+30, found '5e-324'");
  EXPECT_EQ(row_error("x,1,inference,1,1,5e-324"),
            "r.csv:2: column 'idle_power_w': must be from 1e-30 to 1e+30, found '5e-324'");
  EXPECT_EQ(row_error("x,1,inference,nan,,"),
            "r.csv:2: column 'energy_j': 'nan' is not a finite number");
  EXPECT_EQ(row_error("x,0.5,inference,1,,"),
            "r.csv:2: column 'repetitions': must be a whole number of at least 1, found '0.5'");
  EXPECT_EQ(row_error("x,1,both,1,,"),
            "r.csv:2: column 'phase': must be inference or training, found 'both'");
  EXPECT_EQ(row_error("x,1,inference,1,0,"),
            "r.csv:2: column 'duration_s': must be positive, found '0'");
  EXPECT_EQ(row_error("x,1,inference,1,,5"),
            "r.csv:2: column 'idle_power_w': needs a duration_s to be subtracted over, found '5'");
  EXPECT_EQ(row_error("x,1,inference,10,2,5"),
            "r.csv:2: column 'idle_power_w': times duration_s leaves none of the energy: the load "
            "is not above idle, found '5'");
  EXPECT_EQ(row_error(",1,inference,1,,"),
            "r.csv:2: column 'workload': must name a network or a load, found ''");
}

TEST(Readings, ADuplicateRowIsAnErrorAndARepeatedLoadIsNot) {
  EXPECT_EQ(error_of("workload,energy_j\nx,1\ny,2\nx,1\n"),
            "r.csv:4: the same reading as line 2: remove one of them");
  EXPECT_EQ(parse_readings("workload,energy_j\nx,1\nx,1.1\n", "r.csv", {}).size(), 2u);
}

class ReadingsFileTest : public testing::Test {
 protected:
  ReadingsFileTest() {
    path_ = testing::TempDir() + "readings_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
    std::filesystem::remove(path_);
  }
  ~ReadingsFileTest() override { std::filesystem::remove(path_); }

  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string open_error() const {
    return error_text([&] { ReadingsFile file(path_); });
  }

  std::string path_;
};

TEST_F(ReadingsFileTest, WhatIsAppendedIsReadBack) {
  Reading first{"matmul:m=2,k=3,n=4", 4, "training", 7, 0.1, 2.5, 0.01, 0};
  Reading second{"lenet5", 1, "inference", 1, 3, std::nullopt, std::nullopt, 0};
  {
    ReadingsFile file(path_);
    file.append(first);
  }
  ReadingsFile file(path_);
  file.append(second);
  const auto readings = parse_readings(text(), path_, {});
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].workload, first.workload);
  EXPECT_EQ(readings[0].energy_j, first.energy_j);
  EXPECT_EQ(readings[0].duration_s, first.duration_s);
  EXPECT_EQ(readings[0].idle_power_w, first.idle_power_w);
  EXPECT_EQ(readings[1].workload, second.workload);
  EXPECT_FALSE(readings[1].duration_s);
}

TEST_F(ReadingsFileTest, EachLineIsThereOnceAppendReturns) {
  ReadingsFile file(path_);
  EXPECT_EQ(text(), kHeader);
  file.append({"lenet5", 1, "inference", 1, 3, std::nullopt, std::nullopt, 0});
  EXPECT_EQ(text(), std::string(kHeader) + "lenet5,1,inference,1,3,,\n");
}

TEST(Readings, TimeAloneIsEnoughWhereItIsAskedFor) {
  const std::string text =
      "workload,duration_s,caches,cpu,kernels,relative_error\n"
      "relu:input=8x1x1,2,cold,EPYC,0.1.0,0.01\nrelu:input=8x1x1,2,warm,,,\n";
  ReadingsFormat format;
  format.time_alone = true;
  const auto readings = parse_readings(text, "r.csv", format);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].caches, CacheWarmth::kCold);
  EXPECT_EQ(readings[0].cpu, "EPYC");
  EXPECT_EQ(readings[0].kernels, "0.1.0");
  EXPECT_EQ(readings[0].relative_error, 0.01);
  EXPECT_FALSE(readings[0].energy_j);
  EXPECT_EQ(readings[0].seconds(), 2);
  EXPECT_FALSE(readings[1].relative_error);
  const auto error = [&](const std::string& rows) {
    return error_text([&] { parse_readings(rows, "r.csv", format); });
  };
  EXPECT_EQ(error("workload,duration_s,caches\nx,1,hot\n"),
            "r.csv:2: column 'caches': must be warm or cold, found 'hot'");
  EXPECT_EQ(error("workload,batch\nx,1\n"),
            "r.csv:2: neither energy nor a duration: wanted one in 'energy_j' or 'duration_s'");
  EXPECT_EQ(error("workload,duration_s,relative_error\nx,1,-1\n"),
            "r.csv:2: column 'relative_error': must not be negative, found '-1'");
}

TEST_F(ReadingsFileTest, AProfilesColumnsAreKept) {
  Reading cold{"relu:input=8x1x1", 2, "inference", 5, std::nullopt, 0.25, std::nullopt, 0};
  cold.caches = CacheWarmth::kCold;
  cold.cpu = "EPYC, of some kind";
  cold.kernels = "0.1.0";
  cold.relative_error = 0.125;
  ReadingsFile(path_, ReadingColumns::kProfile).append(cold);
  ReadingsFile(path_).append({"lenet5", 1, "inference", 1, 3, 4.0, std::nullopt, 0});
  ReadingsFormat format;
  format.time_alone = true;
  const auto readings = parse_readings(text(), path_, format);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].cpu, cold.cpu);
  EXPECT_EQ(readings[0].caches, CacheWarmth::kCold);
  EXPECT_EQ(readings[0].relative_error, 0.125);
  EXPECT_EQ(readings[1].energy_j, 3);
  EXPECT_EQ(readings[1].caches, CacheWarmth::kWarm);
}

TEST_F(ReadingsFileTest, AProfileDoesNotFitTheColumnsOfEnergy) {
  write(kHeader);
  EXPECT_NE(error_text([&] { ReadingsFile file(path_, ReadingColumns::kProfile); }).find("caches"),
            std::string::npos);
}

TEST_F(ReadingsFileTest, RefusesAFileItWouldSpoil) {
  write("workload,energy_j\nx,1\n");
  EXPECT_EQ(open_error(),
            path_ +
                ": cannot append: the header must be "
                "'workload,batch,phase,repetitions,energy_j,duration_s,idle_power_w'");
  write(std::string(kHeader) + "x,1,infer");
  EXPECT_EQ(open_error(), path_ + ": the last line is cut short: complete or remove it");
  EXPECT_EQ(text(), std::string(kHeader) + "x,1,infer");
}

TEST(ReadingsFile, SaysWhyItCannotBeOpened) {
  EXPECT_EQ(error_text([] { ReadingsFile file("/no/such/folder/r.csv"); }, ErrorKind::kFailed),
            "/no/such/folder/r.csv: cannot open for appending: No such file or directory");
}

}  // namespace
}  // namespace wattgrind
