#include <map>
#include <sstream>

#include "ebb/nn/optim/optimizer.h"
#include "ebb/nn/repr.h"

namespace ebb::optim {

static std::string text_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::none:
      return "None";
    case Value::Kind::boolean:
      return nn::repr(value.as_bool());
    case Value::Kind::integer:
      return std::to_string(value.as_int());
    case Value::Kind::real:
      return nn::repr(value.as_real());
    case Value::Kind::tuple: {
      std::string text;
      for (const Value& item : value.items()) text += (text.empty() ? "" : ", ") + text_of(item);
      return "(" + text + ")";
    }
    default:
      return std::string("<") + value.kind_name() + ">";
  }
}

std::ostream& operator<<(std::ostream& out, const Optimizer& optimizer) {
  out << optimizer.kind() << " (";
  const Value groups = optimizer.state_dict()["param_groups"];
  std::size_t number = 0;
  for (const Value& group : groups.items()) {
    std::map<std::string, std::string> options;  // in the order of the alphabet
    for (const auto& [name, value] : group.as_dict().entries) options[name.as_text()] = text_of(value);
    options.erase("params");
    out << (number > 0 ? "\n" : "") << "\nParameter Group " << number;
    ++number;
    for (const auto& [name, value] : options) out << "\n    " << name << ": " << value;
  }
  return out << "\n)";
}

std::string to_string(const Optimizer& optimizer) {
  std::ostringstream out;
  out << optimizer;
  return out.str();
}

}  // namespace ebb::optim
