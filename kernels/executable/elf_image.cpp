#include "kernels/executable/elf_image.h"

#include <elf.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

enum SectionIndex : uint16_t {
  kNullSection,
  kTextSection,
  kDataSection,
  kBssSection,
  kSymbolSection,
  kStringSection,
  kSectionNameSection,
  kSectionCount
};

class StringTable {
 public:
  uint32_t add(std::string_view name) {
    const auto offset = static_cast<uint32_t>(bytes_.size());
    bytes_.insert(bytes_.end(), name.begin(), name.end());
    bytes_.push_back(0);
    return offset;
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_ = {0};
};

// Where a part of the file lies in it.
struct Extent {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

class FileBytes {
 public:
  // Appends at the next multiple of `alignment`.
  template <typename T>
  Extent append(const std::vector<T>& values, uint64_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    const Extent extent = {bytes_.size(), values.size() * sizeof(T)};
    const auto* first = reinterpret_cast<const uint8_t*>(values.data());
    bytes_.insert(bytes_.end(), first, first + extent.bytes);
    return extent;
  }
  void overwrite(uint64_t offset, const void* bytes, size_t count) {
    std::memcpy(bytes_.data() + offset, bytes, count);
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

Elf64_Phdr segment(uint32_t flags, const Extent& contents, uint64_t address, uint64_t memory_bytes,
                   uint64_t page_bytes) {
  return {.p_type = PT_LOAD,
          .p_flags = flags,
          .p_offset = contents.offset,
          .p_vaddr = address,
          .p_paddr = address,
          .p_filesz = contents.bytes,
          .p_memsz = memory_bytes,
          .p_align = page_bytes};
}

std::vector<Elf64_Sym> symbol_table(const ElfImage& image, StringTable& names) {
  std::vector<Elf64_Sym> symbols(1);
  for (const CodeSymbol& function : image.functions) {
    symbols.push_back({.st_name = names.add(function.name),
                       .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                       .st_other = STV_DEFAULT,
                       .st_shndx = kTextSection,
                       .st_value = image.text_address + function.offset_bytes,
                       .st_size = function.size_bytes});
  }
  return symbols;
}

Elf64_Ehdr file_header(const ElfImage& image, size_t segments, uint64_t sections_offset) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = image.machine;
  header.e_version = EV_CURRENT;
  header.e_entry = image.text_address;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_shoff = sections_offset;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<uint16_t>(segments);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = kSectionCount;
  header.e_shstrndx = kSectionNameSection;
  return header;
}

struct Layout {
  Extent text, data, symbols, names;
};

// Makes every section header but that of the table of section names, which is still growing.
std::vector<Elf64_Shdr> section_headers(const ElfImage& image, const Layout& layout,
                                        StringTable& section_names) {
  std::vector<Elf64_Shdr> sections(kSectionCount);
  sections[kTextSection] = {.sh_name = section_names.add(".text"),
                            .sh_type = SHT_PROGBITS,
                            .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                            .sh_addr = image.text_address,
                            .sh_offset = layout.text.offset,
                            .sh_size = layout.text.bytes,
                            .sh_addralign = image.page_bytes};
  sections[kDataSection] = {.sh_name = section_names.add(".data"),
                            .sh_type = SHT_PROGBITS,
                            .sh_flags = SHF_ALLOC | SHF_WRITE,
                            .sh_addr = image.data_address,
                            .sh_offset = layout.data.offset,
                            .sh_size = layout.data.bytes,
                            .sh_addralign = image.page_bytes};
  sections[kBssSection] = {.sh_name = section_names.add(".bss"),
                           .sh_type = SHT_NOBITS,
                           .sh_flags = SHF_ALLOC | SHF_WRITE,
                           .sh_addr = image.data_address + layout.data.bytes,
                           .sh_offset = layout.data.offset + layout.data.bytes,
                           .sh_size = image.zeroed_bytes,
                           .sh_addralign = 1};
  sections[kSymbolSection] = {.sh_name = section_names.add(".symtab"),
                              .sh_type = SHT_SYMTAB,
                              .sh_offset = layout.symbols.offset,
                              .sh_size = layout.symbols.bytes,
                              .sh_link = kStringSection,
                              .sh_info = 1,  // the first symbol that is not local
                              .sh_addralign = alignof(Elf64_Sym),
                              .sh_entsize = sizeof(Elf64_Sym)};
  sections[kStringSection] = {.sh_name = section_names.add(".strtab"),
                              .sh_type = SHT_STRTAB,
                              .sh_offset = layout.names.offset,
                              .sh_size = layout.names.bytes,
                              .sh_addralign = 1};
  return sections;
}

}  // namespace

std::vector<uint8_t> elf_file(const ElfImage& image) {
  CHECK(!image.data.empty() && image.zeroed_bytes > 0, "data {} B, zeroed {} B", image.data.size(),
        image.zeroed_bytes);
  CHECK(image.data_address + image.data.size() + image.zeroed_bytes <= image.text_address,
        "data at {:#x}, text at {:#x}", image.data_address, image.text_address);
  FileBytes file;
  file.append(std::vector<uint8_t>(sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr)), 1);
  StringTable names, section_names;
  const std::vector<Elf64_Sym> symbols = symbol_table(image, names);
  Layout layout;
  layout.text = file.append(image.text, image.page_bytes);
  layout.data = file.append(image.data, image.page_bytes);
  layout.symbols = file.append(symbols, alignof(Elf64_Sym));
  layout.names = file.append(names.bytes(), 1);

  std::vector<Elf64_Shdr> sections = section_headers(image, layout, section_names);
  const uint32_t own_name = section_names.add(".shstrtab");
  const Extent own = file.append(section_names.bytes(), 1);
  sections[kSectionNameSection] = {.sh_name = own_name,
                                   .sh_type = SHT_STRTAB,
                                   .sh_offset = own.offset,
                                   .sh_size = own.bytes,
                                   .sh_addralign = 1};
  const Extent table = file.append(sections, alignof(Elf64_Shdr));

  const std::array segments = {
      segment(PF_R | PF_W, layout.data, image.data_address, layout.data.bytes + image.zeroed_bytes,
              image.page_bytes),
      segment(PF_R | PF_X, layout.text, image.text_address, layout.text.bytes, image.page_bytes)};
  const Elf64_Ehdr header = file_header(image, segments.size(), table.offset);
  file.overwrite(0, &header, sizeof header);
  file.overwrite(sizeof header, segments.data(), sizeof segments);
  return file.take();
}

}  // namespace wattgrind
