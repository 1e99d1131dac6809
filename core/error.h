#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "ebb/core/site.h"

namespace ebb {

/// What every failure of ebb throws, as one of the classes below. `what()` reads "op: what must hold, what was given,
/// the likely fix", then the line of the program that called the op and, where it came from inside a module or a rank,
/// the module's path and the rank.
class Error : public std::runtime_error {
 public:
  explicit Error(std::string message);

  const char* what() const noexcept override { return text_.c_str(); }

  const std::string& op() const { return op_; }                    ///< "conv2d"; empty outside of an op
  const std::string& message() const { return message_; }          ///< what must hold and what was given
  const std::string& module_path() const { return module_path_; }  ///< "layer1.0"; empty outside of a module
  Site site() const { return site_; }
  int rank() const { return rank_; }  ///< of several threads or replicas that compute together; -1 outside of them

  /// Called by each module that the error leaves, innermost first.
  void add_module(const std::string& name);
  /// Called where an error leaves the thread of a rank.
  void add_rank(int rank);

 private:
  void compose();

  std::string op_, message_, module_path_;
  Site site_;
  int rank_ = -1;
  std::string text_;
};

/// A shape, dtype, device, name or number that what was called cannot take.
class ArgumentError final : public Error {
  using Error::Error;
};

/// A use of the graph that has no right gradient: a leaf changed in place, a second backward, an overwritten tensor.
class GraphError final : public Error {
  using Error::Error;
};

/// A file that cannot be opened, read or written, or that is not what it must be.
class FileError final : public Error {
  using Error::Error;
};

/// Memory, of the CPU or of a GPU, has run out, or a limit on it is reached. Trying again with less may succeed.
class OutOfMemoryError final : public Error {
  using Error::Error;
};

/// A GPU that is not there, or a failure of it or of its libraries.
class DeviceError final : public Error {
  using Error::Error;
};

/// Ranks that do not make the same call, or one that is gone or does not come in time.
class CommunicationError final : public Error {
  using Error::Error;
};

namespace detail {

/// A part of a message, not yet written: messages are put together where something failed only.
class MessagePart {
 public:
  MessagePart(const char* text) : value_(text), append_(append_text) {}
  template <class T>
  MessagePart(const T& value) : value_(&value), append_(append<T>) {}

  void append_to(std::string& message) const { append_(message, value_); }

 private:
  static void append_text(std::string& message, const void* text);
  static void append_real(std::string& message, double value);

  template <class T>
  static void append(std::string& message, const void* at) {
    const T& value = *static_cast<const T*>(at);
    if constexpr (std::convertible_to<const T&, std::string_view>) {
      message += std::string_view(value);
    } else if constexpr (std::same_as<T, char>) {
      message += value;
    } else if constexpr (std::floating_point<T>) {
      append_real(message, static_cast<double>(value));
    } else if constexpr (std::integral<T>) {
      message += std::to_string(value);
    } else {
      message += to_string(value);
    }
  }

  const void* value_;
  void (*append_)(std::string& message, const void* value);
};

template <class E>
[[noreturn]] void throw_error(std::initializer_list<MessagePart> parts);

extern template void throw_error<ArgumentError>(std::initializer_list<MessagePart>);
extern template void throw_error<GraphError>(std::initializer_list<MessagePart>);
extern template void throw_error<FileError>(std::initializer_list<MessagePart>);
extern template void throw_error<OutOfMemoryError>(std::initializer_list<MessagePart>);
extern template void throw_error<DeviceError>(std::initializer_list<MessagePart>);
extern template void throw_error<CommunicationError>(std::initializer_list<MessagePart>);

}  // namespace detail

/// Throws an E whose message is the parts, one after the other: text, numbers, and what has a to_string.
template <class E = ArgumentError, class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  detail::throw_error<E>({detail::MessagePart(parts)...});
}

/// `fail<E>(parts...)` unless `ok`. The parts are evaluated either way: pass values, not computed strings.
template <class E = ArgumentError, class... Parts>
void check(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]] {
    fail<E>(parts...);
  }
}

}  // namespace ebb
