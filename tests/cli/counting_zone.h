// A fake zone of RAPL whose counter goes up while a test runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace wattgrind {

// Writes a counter into the zone, as a function of the seconds it has lived.
class CountingZone {
 public:
  CountingZone(const std::filesystem::path& zone, std::function<uint64_t(double)> counter_uj)
      : thread_([zone, counter_uj = std::move(counter_uj)](const std::stop_token& stop) {
          const auto start = std::chrono::steady_clock::now();
          while (!stop.stop_requested()) {
            const std::chrono::duration<double> now = std::chrono::steady_clock::now() - start;
            std::ofstream(zone / "next") << counter_uj(now.count()) << "\n";
            std::filesystem::rename(zone / "next", zone / "energy_uj");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        }) {}

 private:
  std::jthread thread_;
};

inline uint64_t thirty_watts(double seconds) {
  return 1000000 + static_cast<uint64_t>(30e6 * seconds);
}

}  // namespace wattgrind
