#include "apps/bench/libraries/onednn_primitive.h"

#include <algorithm>

#include "ebb/core/error.h"

namespace ebb::bench::onednn {
namespace {

const Functions& functions() {
  const Library& library = installed_library();
  check(library.missing.empty(), library.missing);
  return library.functions;
}

// Neither is ever destroyed: at the exit of a process oneDNN's threads may be gone.
Engine* engine() {
  static Engine* const made = [] {
    Engine* engine = nullptr;
    check_status(functions().create_engine(&engine, cpu, 0), "an engine");
    return engine;
  }();
  return made;
}

Stream* stream() {
  static Stream* const made = [] {
    Stream* stream = nullptr;
    check_status(functions().create_stream(&stream, engine(), in_order), "a stream");
    return stream;
  }();
  return made;
}

Dims dims_of(const ebb::Dims& dims) {
  Dims made{};
  std::ranges::copy(dims, made.begin());
  return made;
}

PrimitiveDesc* desc_of(const OperationDesc& operation, const PrimitiveDesc* forward) {
  PrimitiveDesc* desc = nullptr;
  check_status(functions().create_desc(&desc, &operation, nullptr, engine(), forward), "a primitive");
  return desc;
}

PrimitiveDesc* reorder_of(const MemoryDesc* from, const MemoryDesc* to) {
  PrimitiveDesc* desc = nullptr;
  check_status(functions().create_reorder(&desc, from, engine(), to, engine(), nullptr), "a reorder");
  return desc;
}

}  // namespace

void check_status(int status, const char* what) {
  check(status != unimplemented, "oneDNN has no implementation of it");
  check(status == success, "oneDNN made ", what, " end with its status ", status);
}

MemoryDesc strided(const Shape& shape, const Strides& strides) {
  MemoryDesc desc;
  const Dims sizes = dims_of(shape), steps = dims_of(strides);
  check_status(functions().describe_strided(&desc, static_cast<int>(shape.size()), sizes.data(), float32, steps.data()),
               "the layout of a tensor");
  return desc;
}

MemoryDesc in_any_layout(const Shape& shape) {
  MemoryDesc desc;
  const Dims sizes = dims_of(shape);
  check_status(functions().describe_tagged(&desc, static_cast<int>(shape.size()), sizes.data(), float32, any_layout),
               "the shape of a tensor");
  return desc;
}

bool are_equal(const MemoryDesc* a, const MemoryDesc* b) { return functions().are_equal(a, b) != 0; }

std::int64_t elements_of(const MemoryDesc* desc) {
  const std::size_t bytes = functions().bytes_of(desc);
  return static_cast<std::int64_t>((bytes + sizeof(float) - 1) / sizeof(float));
}

Place::Place(const MemoryDesc* desc, const void* data) : memory_(nullptr, functions().destroy_memory) {
  Memory* made = nullptr;
  check_status(functions().create_memory(&made, desc, engine(), const_cast<void*>(data)), "a tensor");
  memory_.reset(made);
}

Memory* Place::at(const void* data) {
  check_status(functions().set_data(memory_.get(), const_cast<void*>(data)), "a tensor");
  return memory_.get();
}

Computation::Computation(PrimitiveDesc* desc)
    : desc_(desc, functions().destroy_desc), primitive_(nullptr, functions().destroy_primitive) {
  Primitive* made = nullptr;
  check_status(functions().create_primitive(&made, desc), "a primitive");
  primitive_.reset(made);
}

Computation::Computation(const OperationDesc& operation, const Computation* forward)
    : Computation(desc_of(operation, forward == nullptr ? nullptr : forward->desc_.get())) {}

Computation::Computation(const MemoryDesc* from, const MemoryDesc* to) : Computation(reorder_of(from, to)) {}

const MemoryDesc* Computation::layout_of(int what) const {
  const MemoryDesc* desc = functions().query_memory(desc_.get(), what, 0);
  check(desc != nullptr, "oneDNN does not say how a tensor is to lie");
  return desc;
}

std::string Computation::implementation() const {
  const char* name = nullptr;
  check_status(functions().query(desc_.get(), query::implementation, 0, &name), "the name of a primitive");
  return name == nullptr ? "" : name;
}

void Computation::run(std::span<const Argument> arguments) const {
  check_status(functions().execute(primitive_.get(), stream(), static_cast<int>(arguments.size()), arguments.data()),
               "a computation");
  check_status(functions().wait(stream()), "a computation");
}

}  // namespace ebb::bench::onednn
