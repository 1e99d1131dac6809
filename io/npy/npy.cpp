#include "ebb/io/npy.h"

#include <algorithm>
#include <utility>

#include "ebb/io/bytes/elements.h"
#include "ebb/io/npy/npy_header.h"
#include "ebb/io/system/in_file.h"

namespace ebb::io {
namespace {

Dims reversed(const Dims& dims) {
  Dims out = dims;
  std::reverse(out.begin(), out.end());
  return out;
}

/// The same elements with the dimensions in reverse order.
Tensor with_reversed_dims(const Tensor& x) {
  return Tensor(make_ref<TensorBody>(x.body().storage, x.dtype(), reversed(x.shape()), reversed(x.strides()),
                                     x.storage_offset()));
}

/// `read(shape)` makes a tensor of the elements as they lie in the file.
template <class Read>
Tensor make_array(const NpyHeader& header, Read read) {
  return header.fortran_order ? with_reversed_dims(read(reversed(header.shape))) : read(header.shape);
}

}  // namespace

Tensor read_npy(ByteView file, const LoadOptions& options) {
  const NpyHeader header = read_npy_header(file);
  return make_array(header, [&](const Shape& shape) {
    return read_placed(file.subspan(header.data_begin), shape, header.dtype, header.order, options);
  });
}

Tensor read_npy(Bytes&& file, const LoadOptions& options) {
  const NpyHeader header = read_npy_header(file);
  const Tensor array = make_array(header, [&](const Shape& shape) {
    return take_elements(std::move(file), header.data_begin, shape, header.dtype, header.order);
  });
  return array.to(options.map_location.find("cpu"));
}

Bytes write_npy(const Tensor& array) {
  const bool fortran_order = !array.is_contiguous() && with_reversed_dims(array).is_contiguous();
  const std::string header = make_npy_header(array.dtype(), fortran_order, array.shape());
  const DenseElements elements(fortran_order ? with_reversed_dims(array) : array);
  Bytes bytes;
  bytes.reserve(header.size() + elements.bytes.size());
  for (const ByteView part : {as_bytes(header), elements.bytes}) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

void save_npy(const std::string& path, const Tensor& array, Site site) {
  save_file("save_npy", path, site, [&](const auto& sink) { sink(write_npy(array)); });
}

Tensor load_npy(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load_npy", path, site, options, [&](ByteView file) { return read_npy(file, options); });
}

}  // namespace ebb::io
