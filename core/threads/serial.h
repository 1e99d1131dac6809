#pragma once

namespace ebb {

/// For as long as it lives, what its thread computes stays on that thread: for programs that have a thread of their own
/// for each processor.
class SerialScope {
 public:
  SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;
  ~SerialScope();

 private:
  bool before_;
};

}  // namespace ebb
