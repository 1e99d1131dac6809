// The format is that of NumPy's numpy/lib/format.py.
#include "ebb/io/npy/npy_header.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "ebb/io/bytes/quote.h"
#include "ebb/io/npy/npy_dtypes.h"
#include "ebb/io/npy/python_literal.h"

namespace ebb::io {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_header_bytes = 10000;  // as NumPy's
constexpr std::size_t alignment = 64;

Shape read_shape(PythonLiteral& literal) {
  Shape shape;
  literal.expect('(');
  bool has_comma = true;
  while (!literal.take(')')) {
    if (!has_comma) literal.fail_at("',' or ')'");
    check<FileError>(shape.size() < max_dims, "npy: an array of more than ", max_dims, " dimensions");
    shape.push_back(literal.integer());
    has_comma = literal.take(',');
  }
  if (shape.size() == 1 && !has_comma) literal.fail_at("a tuple before this: (n,) is one, (n) is not,");
  return shape;
}

std::string read_descr(PythonLiteral& literal) {
  check<FileError>(!literal.take('['),
                   "npy: a structured array, of several fields; in Python, save its fields one by one");
  return literal.string();
}

void read_dict(PythonLiteral& literal, NpyHeader& header) {
  constexpr std::array<std::string_view, 3> keys{"descr", "fortran_order", "shape"};
  std::array<bool, 3> seen{};
  literal.expect('{');
  while (!literal.take('}')) {
    const std::string key = literal.string();
    literal.expect(':');
    const auto place = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    check<FileError>(place < keys.size() && !seen[place], "npy: the header has the key ", quote(key),
                     "; it must have descr, fortran_order and shape, each once");
    seen[place] = true;
    if (place == 0) std::tie(header.dtype, header.order) = parse_npy_descr(read_descr(literal));
    if (place == 1) header.fortran_order = literal.boolean();
    if (place == 2) header.shape = read_shape(literal);
    if (!literal.take(',')) {
      literal.expect('}');
      break;
    }
  }
  check<FileError>(seen[0] && seen[1] && seen[2], "npy: the header lacks one of descr, fortran_order and shape");
}

std::string tuple_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

NpyHeader read_npy_header(ByteView file) {
  check<FileError>(as_text(file).starts_with(magic), "npy: the file must begin with \\x93NUMPY; it is no .npy file");
  ByteReader reader(file, "npy");
  reader.skip(magic.size());
  const unsigned major = reader.u8(), minor = reader.u8();
  check<FileError>(major >= 1 && major <= 3 && minor == 0, "npy: version ", major, ".", minor,
                   " of the format; 1.0, 2.0 and 3.0 are read");
  const std::size_t size = major == 1 ? reader.u16() : reader.u32();
  check<FileError>(size <= most_header_bytes, "npy: a header of ", size, " bytes, more than the ", most_header_bytes,
                   " that it may");
  PythonLiteral literal(as_text(reader.take(size)), "npy header");
  NpyHeader header;
  read_dict(literal, header);
  literal.finish();
  header.data_begin = reader.position();
  return header;
}

std::string make_npy_header(DType dtype, bool fortran_order, const Shape& shape) {
  constexpr std::size_t room = 21;  // NumPy leaves so many digits for the outermost size, for arrays that grow in place
  std::string dict = "{'descr': '" + npy_descr(dtype) + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                     ", 'shape': " + tuple_text(shape) + ", }";
  const std::int64_t outermost = shape.empty() ? 0 : fortran_order ? shape.back() : shape[0];
  if (!shape.empty()) dict.append(room - std::to_string(outermost).size(), ' ');
  std::string header = std::string(magic) + '\1' + '\0';
  dict.append(alignment - (header.size() + 2 + dict.size() + 1) % alignment, ' ');
  dict += '\n';
  append_little(header, dict.size(), 2);
  return header + dict;
}

}  // namespace ebb::io
