#include "tests/nn/recorded.h"

#include <cstdlib>
#include <sstream>

#include "ebb/io/system/file.h"
#include "ebb/io/zip/gzip.h"

namespace ebb::test {

static std::string text_of(const std::string& path) {
  const io::Bytes bytes = io::read_file(path);
  return std::string(io::as_text(path.ends_with(".gz") ? io::gunzip(bytes) : bytes));
}

std::vector<Section> read_sections(const std::string& path) {
  std::istringstream file(text_of(path));
  std::vector<Section> sections;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      sections.push_back({line.substr(4), ""});
    } else {
      check(!sections.empty(), path, " does not begin with a title");
      std::string& text = sections.back().text;
      text += (text.empty() ? "" : "\n") + line;
    }
  }
  return sections;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::pair<std::string, Tensor> parse_tensor(const std::string& line) {
  const std::size_t open = line.find('['), close = line.find(']');
  std::istringstream head(line.substr(0, open)), sizes(line.substr(open + 1, close - open - 1)),
      values(line.substr(close + 1));
  std::string name, dtype;
  head >> name >> dtype;
  Shape shape;
  for (std::string size; std::getline(sizes, size, ',');) shape.push_back(std::stoll(size));
  const bool is_integer = dtype == "int64";
  Tensor x = empty(shape, {.dtype = is_integer ? kInt64 : kFloat32});
  std::string value;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    check(static_cast<bool>(values >> value), "too few elements in ", line);
    if (is_integer) {
      x.data<std::int64_t>()[i] = std::stoll(value);
    } else {
      x.data<float>()[i] = std::strtof(value.c_str(), nullptr);
    }
  }
  return {name, x};
}

}  // namespace ebb::test
