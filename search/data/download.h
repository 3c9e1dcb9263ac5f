// Fetching a file from a public mirror: resumed where it was cut off, and only kept when its
// checksum is the one expected.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace wattgrind {

struct RemoteFile {
  std::string name;
  uint64_t bytes = 0;
  std::string sha256;  // 64 hexadecimal digits, lower case
};

// Bytes of the file that are there, of those it has.
using DownloadProgress = std::function<void(const RemoteFile&, uint64_t done)>;

// Makes folder/name the file wanted and returns its path; does nothing when it is already there.
//
// Mirrors are addresses of folders, without a final slash, tried in turn. What has arrived stands
// in folder/name.part and is gone on with after a failure or an interruption, here or in another
// process; the name itself appears only with the whole, checked file. A part that grows into a
// wrong checksum is thrown away.
//
// Throws Error(kFailed) when no mirror has it whole and right (the message has the last one's
// reason) or another process is fetching it, and Error(kInterrupted).
std::filesystem::path download(const RemoteFile& file, std::span<const std::string> mirrors,
                               const std::filesystem::path& folder,
                               const DownloadProgress& progress);

// Of a file's content; 64 hexadecimal digits. Throws Error(kFailed) when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace wattgrind
