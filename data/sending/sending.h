#pragma once

#include <memory>
#include <optional>

#include "ebb/core/streams/stream.h"
#include "ebb/data/loader.h"

/// How batches get to a GPU while it works on others. Not installed.
namespace ebb::data {

/// A batch on its way.
struct Sent {
  Batch batch;
  std::shared_ptr<cuda::Event> arrival;  // null: it is there
};

/// To a GPU copies are made on a stream of its own.
class Sender {
 public:
  explicit Sender(Device device);
  /// Of pinned memory. Any one thread may call it.
  Sent send(const Batch& batch) const;
  /// What the current stream launches from now on finds it there.
  static Batch receive(const Sent& sent);

 private:
  Device device_;
  std::optional<cuda::Stream> stream_;
};

/// Uninitialised rows, in pinned memory where wanted.
Tensor empty_rows(const Shape& shape, DType dtype, bool is_pinned);
void check_pinning(const LoaderOptions& options);

}  // namespace ebb::data
