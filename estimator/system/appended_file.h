// A text file that lines are added to, each of which is on the disk when append() returns.
#pragma once

#include <string>
#include <string_view>

namespace wattgrind {

class AppendedFile {
 public:
  // Opens the file, or creates an empty one. Throws Error(kInput) where its last line is cut short,
  // Error(kFailed) where it cannot be read or written or is no regular file, which others might
  // read without end.
  explicit AppendedFile(std::string path);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  const std::string& path() const { return path_; }
  // What stood in it when it was opened.
  const std::string& text() const { return text_; }

  // The line without its end. In one write call, so that an interrupted program leaves whole lines.
  void append(std::string_view line);

 private:
  void read_text();

  std::string path_, text_;
  int descriptor_ = -1;
};

}  // namespace wattgrind
