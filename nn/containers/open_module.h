#pragma once

#include "ebb/nn/slot_list.h"

namespace ebb::nn {

/// Base of modules whose members are known at run time only. What is added is found by its name:
///
///     struct Tower : nn::OpenModule {
///       explicit Tower(int floors) {
///         for (int i = 0; i < floors; ++i) add_module("floor" + std::to_string(i), nn::linear(8, 8));
///       }
///       Tensor operator()(Tensor x) const { for (const auto& floor : children_) x = floor(x); return x; }
///     };
class OpenModule : public Module {
 public:
  OpenModule();
  OpenModule(const OpenModule&);
  OpenModule(OpenModule&&);
  ~OpenModule() override;

  Child<Layer>& add_module(const std::string& name, Layer layer);
  Parameter& register_parameter(const std::string& name, const Tensor& tensor);
  Buffer& register_buffer(const std::string& name, const Tensor& tensor, bool persistent = true);

  void each_slot(const std::function<void(Slot&)>& visit) const override;

 protected:
  SlotList<Parameter> parameters_;
  SlotList<Buffer> buffers_;
  SlotList<Child<Layer>> children_;

 private:
  void check_new(const std::string& name) const;
};

}  // namespace ebb::nn
