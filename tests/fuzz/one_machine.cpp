// Stands in for the search of machines and accelerators by name, file or computer, none of which
// the fuzz targets try: every machine is Zen 3, every accelerator Eyeriss, the chip.
#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/machine/machine_file.h"

namespace wattgrind {

Machine find_machine(const std::string&, const std::filesystem::path&) {
  const auto text = builtin_text("machines", "zen3");
  CHECK(text.has_value(), "no zen3");
  static const Machine machine = read_machine(*text, "zen3");
  return machine;
}

Accelerator find_accelerator(const std::string&) {
  const auto text = builtin_text("accelerators", "eyeriss_chip");
  CHECK(text.has_value(), "no eyeriss_chip");
  static const Accelerator accelerator = read_accelerator(*text, "eyeriss_chip");
  return accelerator;
}

}  // namespace wattgrind
