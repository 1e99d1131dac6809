#pragma once

#include <string>

namespace ebb::kernels {

/// For benchmarks: while it lives, keeps by which engines or algorithms of other libraries this thread computes.
class PlanLog {
 public:
  PlanLog() : outer_(active) { active = this; }
  ~PlanLog() { active = outer_; }
  PlanLog(const PlanLog&) = delete;
  PlanLog& operator=(const PlanLog&) = delete;

  const std::string& text() const { return text_; }  ///< each once, in their order, with "; " between
  void add(const std::string& plan);

  static PlanLog* on_this_thread() { return active; }  ///< null where there is none

 private:
  static thread_local PlanLog* active;

  PlanLog* outer_;
  std::string text_;
};

}  // namespace ebb::kernels
