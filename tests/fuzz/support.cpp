#include "tests/fuzz/support.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace ebb::fuzz {
namespace {

int touch(const Tensor& x) {
  if (x.numel() == 0) return 0;
  std::int64_t last = 0;
  for (int i = 0; i < x.dim(); ++i) last += (x.shape()[i] - 1) * x.strides()[i];
  const std::byte* data = x.raw_data();
  const std::int64_t width = static_cast<std::int64_t>(size_of(x.dtype()));
  return std::to_integer<int>(data[0]) + std::to_integer<int>(data[(last + 1) * width - 1]);
}

/// Containers are visited once, however often they are shared.
class Visitor {
 public:
  void run(const Value& value) {
    open_.push_back(value);
    while (!open_.empty()) {
      const Value next = open_.back();
      open_.pop_back();
      visit(next);
    }
  }

 private:
  void visit(const Value& value) {
    if (value.is_tensor()) sum_ = sum_ + touch(value.as_tensor());
    if (value.kind() == Value::Kind::storage) sum_ = sum_ + touch(value.as_storage());
    if (value.identity() == nullptr || !seen_.insert(value.identity()).second) return;
    if (value.kind() == Value::Kind::tuple || value.kind() == Value::Kind::list) {
      open_.insert(open_.end(), value.items().begin(), value.items().end());
    }
    if (value.is_dict()) {
      for (const auto& [key, item] : value.as_dict().entries) open_.push_back(item);
    }
    if (value.kind() == Value::Kind::object) visit_object(value);
  }

  void visit_object(const Value& value) {
    open_.push_back(value.as_object().arguments);
    open_.push_back(value.as_object().state);
    try {
      io::vars(value);
      io::state_dict_of(value);
    } catch (const Error&) {
    }
  }

  std::vector<Value> open_;
  std::unordered_set<const void*> seen_;
  volatile int sum_ = 0;
};

}  // namespace

void require(bool ok) {
  if (!ok) std::abort();
}

void mutate_blindly(io::Bytes& bytes) {
  const std::size_t size = bytes.size();
  bytes.resize(size + 64);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, bytes.size()));
}

void mutate_sized_part(io::Bytes& file, std::size_t at, int width, Random& random) {
  const std::size_t begin = at + static_cast<std::size_t>(width);
  if (file.size() < begin) return mutate_blindly(file);
  std::uint64_t claimed = 0;
  for (std::size_t i = begin; i-- > at;) claimed = claimed << 8 | std::to_integer<unsigned>(file[i]);
  const io::ByteView rest = io::ByteView(file).subspan(begin);
  const io::ByteView head = rest.first(std::min<std::uint64_t>(claimed, rest.size())), tail = rest.subspan(head.size());
  io::Bytes part(head.begin(), head.end()), changed(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(at));
  mutate_blindly(part);
  io::append_little(changed, part.size(), width);
  changed.insert(changed.end(), part.begin(), part.end());
  changed.insert(changed.end(), tail.begin(), tail.end());
  if (pick(random, 8) == 0) changed.resize(changed.size() - std::min(changed.size(), pick(random, 9)));
  if (pick(random, 8) == 0) changed.resize(changed.size() + pick(random, 9));
  file = std::move(changed);
}

std::size_t put(const io::Bytes& bytes, std::uint8_t* data, std::size_t size, std::size_t max_size) {
  if (bytes.size() > max_size) return size;
  if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

void check_value(const Value& value) {
  Visitor().run(value);
  io::Bytes written;
  try {
    written = io::write_pth(value);
  } catch (const Error&) {
    return;
  }
  const Value again = io::read_pth(written, {.allow_opaque = true});
  require(io::write_pth(again) == written);
}

}  // namespace ebb::fuzz
