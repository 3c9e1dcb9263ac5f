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

// Called with the bytes of the file that have arrived.
using DownloadProgress = std::function<void(const RemoteFile&, uint64_t done)>;

// Makes folder/name the file wanted and returns its path; does nothing when it is already there.
//
// Mirrors are addresses of folders, without a final slash, and are tried in turn.
// 1. What has arrived lies in folder/name.part. After a failure or an interruption the next call,
//    here or in another process, goes on from there.
// 2. The name itself appears only with the whole, checked file.
// 3. A part whose checksum turns out wrong is thrown away.
//
// Throws Error(kFailed) when no mirror has it whole and right (the message has the last one's
// reason) or another process is fetching it, and Error(kInterrupted).
std::filesystem::path download(const RemoteFile& file, std::span<const std::string> mirrors,
                               const std::filesystem::path& folder,
                               const DownloadProgress& progress);

// The SHA-256 of a file's content, as 64 hexadecimal digits. Throws Error(kFailed) when it cannot
// be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace wattgrind
