// A static executable file, byte by byte: code, a little data, and the names of functions.
//
// It is written here rather than by a linker: the code arrives whole (codegen.h), a linker library
// takes and gives files only, and what is left of linking is this container.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/codegen/codegen.h"

namespace wattgrind {

// The file is loaded at fixed addresses. Valgrind 3.19 reads the symbols of such a file only if it
// has data and zeroed bytes after it, in one writable segment, and segments come in order of
// address. The data therefore lies below the text:
//
//   data_address                           text_address
//   | data | zeroed_bytes |   ...          | text: execution begins at its first byte |
struct ElfImage {
  uint16_t machine = 0;       // the processor's ELF word
  uint64_t page_bytes = 0;    // the largest page of its systems
  uint64_t text_address = 0;  // a multiple of the page size; execution begins here
  std::vector<uint8_t> text;
  std::vector<CodeSymbol> functions;  // offsets are from the start of the text
  uint64_t data_address = 0;          // a multiple of the page size
  std::vector<uint8_t> data;
  uint64_t zeroed_bytes = 0;
};

// The bytes of the file, for Linux. They depend on the image alone.
std::vector<uint8_t> elf_file(const ElfImage& image);

}  // namespace wattgrind
