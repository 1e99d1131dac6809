#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ebb/core/value/value.h"

namespace ebb::apps {

/// What stands in the tree of a file's values, by path; each container once.
class Contents {
 public:
  explicit Contents(const Value& file) { visit(file, ""); }

  nlohmann::json tensors = nlohmann::json::array();  ///< name, dtype, shape, bytes, what they share
  nlohmann::json values = nlohmann::json::array();   ///< numbers and short texts: an epoch, a learning rate
  std::set<std::string> objects;                     ///< names of what is no data
  std::uint64_t bytes = 0;                           ///< of the tensors' storages

 private:
  void visit(const Value& value, const std::string& path);
  void visit_entries(const std::vector<std::pair<Value, Value>>& entries, const std::string& path);
  void visit_items(const std::vector<Value>& items, const std::string& path);
  void visit_object(const Object& object, const std::string& path);
  void add_global(const Global& global);
  void add_tensor(const Tensor& tensor, const std::string& path);
  void add_value(const Value& value, const std::string& path);
  void put(const std::string& path, nlohmann::json value);

  int objects_around_ = 0;  // whose numbers are their own affair
  std::set<const void*> seen_;
  std::map<const Storage*, std::string> storages_;
};

}  // namespace ebb::apps
