#include <algorithm>

#include "ebb/io/bytes/quote.h"
#include "ebb/io/opaque.h"

namespace ebb::io {
namespace {

constexpr std::size_t most_modules = std::size_t{1} << 20;  // one module may stand in many places
constexpr std::size_t most_name_bytes = std::size_t{1} << 26;

/// A module of the model, and what its names begin with.
struct Place {
  Value module;
  std::string prefix;
};

bool is_shown(const Value& tensor, const Value& name, const std::vector<Value>& hidden) {
  const auto is_name = [&](const Value& other) { return other.is_text() && other.as_text() == name.as_text(); };
  return !tensor.is_none() && std::ranges::none_of(hidden, is_name);
}

/// The items of the set `_non_persistent_buffers_set`, which models have had since PyTorch 1.5.
std::vector<Value> hidden_buffers(const Value& attributes) {
  const Value* set = attributes.find("_non_persistent_buffers_set");
  if (set == nullptr) return {};
  const Object& object = set->as_object();
  const std::vector<Value>& arguments = object.arguments.items();
  return arguments.empty() ? object.items : arguments[0].items();
}

class ModelReader {
 public:
  StateDict run(const Value& model) {
    for (push(model, ""); !open_.empty();) {
      const Place place = std::move(open_.back());
      open_.pop_back();
      visit(place);
    }
    return std::move(tensors_);
  }

 private:
  void push(const Value& module, std::string prefix) {
    check(++modules_ <= most_modules, "a model of more than ", most_modules, " modules");
    charge(prefix);
    open_.push_back({module, std::move(prefix)});
  }

  void visit(const Place& place) {
    const Value attributes = vars(place.module);
    const Value* modules = attributes.find("_modules");
    if (modules == nullptr) {
      fail(place.prefix.empty() ? "the file" : place.prefix, " holds ", quote(place.module.as_object().global.text()),
           ", which is no module with tensors");
    }
    add_tensors(attributes.find("_parameters"), place.prefix, {});
    add_tensors(attributes.find("_buffers"), place.prefix, hidden_buffers(attributes));
    add_version(attributes, place.prefix);
    const auto& entries = modules->as_dict().entries;
    for (std::size_t i = entries.size(); i-- > 0;) {  // the first is to be on top
      if (!entries[i].second.is_none()) push(entries[i].second, place.prefix + entries[i].first.as_text() + ".");
    }
  }

  void add_tensors(const Value* tensors, const std::string& prefix, const std::vector<Value>& hidden) {
    if (tensors == nullptr) return;
    for (const auto& [name, tensor] : tensors->as_dict().entries) {
      if (!is_shown(tensor, name, hidden)) continue;
      const std::string path = prefix + name.as_text();
      charge(path);
      tensors_.set(path, tensor.as_tensor().detach());
    }
  }

  /// The version is an attribute of the class, so not in the file: 2 for norms that count their batches, 1 for others.
  void add_version(const Value& attributes, const std::string& prefix) {
    const Value* buffers = attributes.find("_buffers");
    const bool counts_batches = buffers != nullptr && buffers->contains("num_batches_tracked");
    tensors_.versions.emplace_back(prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1), counts_batches ? 2 : 1);
  }

  void charge(const std::string& name) {
    name_bytes_ += name.size();
    check(name_bytes_ <= most_name_bytes, "the names of a model take more than ", most_name_bytes, " bytes");
  }

  std::vector<Place> open_;
  StateDict tensors_;
  std::size_t modules_ = 0, name_bytes_ = 0;
};

/// What torch.save(model.state_dict) writes: getattr(model, 'state_dict').
bool is_bound_method(const Object& object) {
  if (object.global.text() != "builtins.getattr" || object.arguments.items().size() != 2) return false;
  const Value& name = object.arguments.items()[1];
  return name.is_text() && name.as_text() == "state_dict";
}

}  // namespace

StateDict state_dict_of(const Value& model) {
  if (model.kind() != Value::Kind::object) return model.as_state_dict();
  const Object& object = model.as_object();
  return ModelReader().run(is_bound_method(object) ? object.arguments.items()[0] : model);
}

}  // namespace ebb::io
