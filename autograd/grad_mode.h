#pragma once

#include <utility>

namespace ebb {

/// Turns recording off (or on) on this thread until the end of the scope.
class GradMode {
 public:
  explicit GradMode(bool enabled) : previous_(std::exchange(is_enabled_, enabled)) {}
  ~GradMode() { is_enabled_ = previous_; }
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  friend bool is_grad_enabled();

  static constinit thread_local bool is_enabled_;

  bool previous_;
};

/// Whether ops on this thread are recorded for backward. True at first.
inline bool is_grad_enabled() { return GradMode::is_enabled_; }

/// `NoGradGuard no_grad;`: nothing in this scope is recorded.
class NoGradGuard : public GradMode {
 public:
  NoGradGuard() : GradMode(false) {}
};

/// Calls `body` with nothing recorded.
template <class Body>
decltype(auto) no_grad(Body&& body) {
  const NoGradGuard guard;
  return body();
}

}  // namespace ebb
