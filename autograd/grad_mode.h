#pragma once

namespace ebb {

/// Whether ops on this thread are recorded for backward. True at first.
bool is_grad_enabled();

/// Turns recording off (or on) on this thread until the end of the scope.
class GradMode {
 public:
  explicit GradMode(bool enabled);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool previous_;
};

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
