#include "ebb/core/error.h"

#include <cstdio>
#include <utility>

namespace ebb {

Error::Error(std::string message)
    : std::runtime_error(message), op_(OpScope::path()), message_(std::move(message)), site_(OpScope::site()) {
  compose();
}

void Error::add_module(const std::string& name) {
  module_path_ = module_path_.empty() ? name : name + "." + module_path_;
  compose();
}

void Error::add_rank(int rank) {
  rank_ = rank;
  compose();
}

void Error::compose() {
  text_ = op_.empty() ? message_ : op_ + ": " + message_;
  const std::string line = to_string(site_);
  if (!line.empty()) text_ += "\n  at " + line;
  if (!module_path_.empty()) text_ += "\n  in module " + module_path_;
  if (rank_ >= 0) text_ += "\n  on rank " + std::to_string(rank_);
}

namespace detail {

void MessagePart::append_text(std::string& message, const void* text) { message += static_cast<const char*>(text); }

void MessagePart::append_real(std::string& message, double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", value);
  message += digits;
}

template <class E>
void throw_error(std::initializer_list<MessagePart> parts) {
  std::string message;
  for (const MessagePart& part : parts) part.append_to(message);
  throw E(std::move(message));
}

template void throw_error<ArgumentError>(std::initializer_list<MessagePart>);
template void throw_error<GraphError>(std::initializer_list<MessagePart>);
template void throw_error<FileError>(std::initializer_list<MessagePart>);
template void throw_error<OutOfMemoryError>(std::initializer_list<MessagePart>);
template void throw_error<DeviceError>(std::initializer_list<MessagePart>);
template void throw_error<CommunicationError>(std::initializer_list<MessagePart>);

}  // namespace detail
}  // namespace ebb
