#pragma once

#include <string>

namespace ebb::bench {

/// A library of CUDA that is a baseline: opened where it lies on this machine, so that a benchmark runs where it is
/// missing, too.
class Library {
 public:
  explicit Library(const char* soname);
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// Why it cannot be used; empty where it can.
  const std::string& missing() const { return missing_; }

  /// A std::runtime_error where the library or the function is missing.
  template <class Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(address(name));
  }

 private:
  void* address(const char* name) const;

  std::string name_, missing_;
  void* handle_;
};

}  // namespace ebb::bench
