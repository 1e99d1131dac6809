#include "apps/bench/libraries/onednn_library.h"

#include <dlfcn.h>

namespace ebb::bench::onednn {
namespace {

constexpr int supported = 2;

/// Finds functions, and remembers the first that is not there.
class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}

  template <class Function>
  void find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (function == nullptr && lost_ == nullptr) lost_ = name;
  }

  const char* lost() const { return lost_; }

 private:
  void* library_;
  const char* lost_ = nullptr;
};

void find_convolutions(Finder& in, Functions& functions) {
  ConvolutionFunctions &conv = functions.convolution, &deconv = functions.deconvolution;
  in.find("dnnl_dilated_convolution_forward_desc_init", conv.forward);
  in.find("dnnl_dilated_convolution_backward_data_desc_init", conv.backward_data);
  in.find("dnnl_dilated_convolution_backward_weights_desc_init", conv.backward_weights);
  in.find("dnnl_dilated_deconvolution_forward_desc_init", deconv.forward);
  in.find("dnnl_dilated_deconvolution_backward_data_desc_init", deconv.backward_data);
  in.find("dnnl_dilated_deconvolution_backward_weights_desc_init", deconv.backward_weights);
}

void find_others(Finder& in, Functions& functions) {
  in.find("dnnl_pooling_v2_forward_desc_init", functions.pool_forward);
  in.find("dnnl_pooling_v2_backward_desc_init", functions.pool_backward);
  in.find("dnnl_softmax_forward_desc_init", functions.softmax_forward);
  in.find("dnnl_softmax_backward_desc_init", functions.softmax_backward);
  in.find("dnnl_batch_normalization_forward_desc_init", functions.batch_norm_forward);
  in.find("dnnl_batch_normalization_backward_desc_init", functions.batch_norm_backward);
  in.find("dnnl_layer_normalization_forward_desc_init", functions.layer_norm_forward);
  in.find("dnnl_layer_normalization_backward_desc_init", functions.layer_norm_backward);
  in.find("dnnl_reduction_desc_init", functions.reduce);
}

void find_all(Finder& in, Functions& functions) {
  in.find("dnnl_engine_create", functions.create_engine);
  in.find("dnnl_stream_create", functions.create_stream);
  in.find("dnnl_stream_wait", functions.wait);
  in.find("dnnl_memory_desc_init_by_strides", functions.describe_strided);
  in.find("dnnl_memory_desc_init_by_tag", functions.describe_tagged);
  in.find("dnnl_memory_desc_get_size", functions.bytes_of);
  in.find("dnnl_memory_desc_equal", functions.are_equal);
  in.find("dnnl_memory_create", functions.create_memory);
  in.find("dnnl_memory_set_data_handle", functions.set_data);
  in.find("dnnl_memory_destroy", functions.destroy_memory);
  in.find("dnnl_primitive_desc_create", functions.create_desc);
  in.find("dnnl_reorder_primitive_desc_create", functions.create_reorder);
  in.find("dnnl_primitive_desc_query", functions.query);
  in.find("dnnl_primitive_desc_query_md", functions.query_memory);
  in.find("dnnl_primitive_desc_destroy", functions.destroy_desc);
  in.find("dnnl_primitive_create", functions.create_primitive);
  in.find("dnnl_primitive_execute", functions.execute);
  in.find("dnnl_primitive_destroy", functions.destroy_primitive);
  find_convolutions(in, functions);
  find_others(in, functions);
}

/// Major, minor and patch, which what dnnl_version() points to begins with.
std::string text_of(const int* version) {
  return std::to_string(version[0]) + "." + std::to_string(version[1]) + "." + std::to_string(version[2]);
}

}  // namespace

Library open_library(const std::vector<std::string>& files) {
  Library library;
  std::string opened;
  for (const std::string& file : files) {
    library.handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    opened = file;
    if (library.handle != nullptr) break;
    const char* reason = dlerror();
    if (library.missing.empty()) library.missing = reason != nullptr ? reason : file;
  }
  if (library.handle == nullptr) {
    library.missing += "; on Debian 12: apt install libdnnl2";
    return library;
  }
  library.missing.clear();
  Finder finder(library.handle);
  const int* (*version)() = nullptr;
  finder.find("dnnl_version", version);
  if (version == nullptr) {
    library.missing = opened + " has no dnnl_version, so it is not oneDNN";
    return library;
  }
  library.version = text_of(version());
  if (version()[0] != supported) {
    library.missing = opened + " is oneDNN " + library.version + ", and only the interface of version " +
                      std::to_string(supported) + " is known here; put libdnnl.so.2 where the linker looks";
    return library;
  }
  find_all(finder, library.functions);
  if (finder.lost() != nullptr) library.missing = opened + " has no " + finder.lost();
  return library;
}

const Library& installed_library() {
  static const auto* library = new Library(open_library({"libdnnl.so.2", "libdnnl.so.3", "libdnnl.so"}));
  return *library;
}

}  // namespace ebb::bench::onednn
