#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace ebb::autograd {

/// What is called when a leaf's grad is complete.
class GradHooks {
 public:
  using Hook = std::function<void()>;

  GradHooks();
  ~GradHooks();
  GradHooks(const GradHooks&) = delete;
  GradHooks& operator=(const GradHooks&) = delete;

  std::uint64_t add(Hook hook);
  void remove(std::uint64_t id);
  void run() const;

  /// Whether any tensor has any: only then a pass asks which leaf is complete when.
  static bool exist();

 private:
  std::vector<std::pair<std::uint64_t, Hook>> hooks_;
  std::uint64_t next_ = 0;
};

}  // namespace ebb::autograd
