#pragma once

#include <bit>
#include <cstdint>

#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Divides by a number known before the launch: a GPU has no instruction for it, and 64-bit division takes about 70.
/// Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
class Divider {
 public:
  Divider() = default;
  explicit Divider(std::int64_t divisor) : divisor_(divisor) {
    if (divisor > INT32_MAX) return;
    shift_ = divisor == 1 ? 0 : 32 - std::countl_zero(static_cast<std::uint32_t>(divisor - 1));
    const std::uint64_t power = (std::uint64_t{1} << shift_) - static_cast<std::uint64_t>(divisor);
    magic_ = static_cast<std::uint32_t>((power << 32) / static_cast<std::uint64_t>(divisor) + 1);
    fast_ = true;
  }

  EBB_HOST_DEVICE std::int64_t divisor() const { return divisor_; }

  /// floor(x / divisor) of an x that is not negative
  EBB_HOST_DEVICE std::int64_t quotient(std::int64_t x) const {
    if (!fast_ || x > INT32_MAX) return x / divisor_;
    return quotient_small(static_cast<std::uint32_t>(x));  // no overflow: both summands are below 2^31
  }

  /// The same where both are below 2^31.
  EBB_HOST_DEVICE std::uint32_t quotient_small(std::uint32_t x) const {
    const auto high = static_cast<std::uint32_t>((static_cast<std::uint64_t>(x) * magic_) >> 32);
    return (high + x) >> shift_;
  }

  /// Replaces x by its quotient and returns the remainder.
  EBB_HOST_DEVICE std::int64_t split(std::int64_t& x) const {
    const std::int64_t q = quotient(x);
    const std::int64_t remainder = x - q * divisor_;
    x = q;
    return remainder;
  }

 private:
  std::int64_t divisor_ = 1;
  std::uint32_t magic_ = 0;
  int shift_ = 0;
  bool fast_ = false;
};

}  // namespace ebb::kernels
